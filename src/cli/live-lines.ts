const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 80;

export interface LiveLinesOptions {
  /** Whether the last line may move; else only lines that stay are written. */
  readonly moving: boolean;
  write(text: string): void;
}

/** Lines that stay, and below them one that shows what is going on. */
export class LiveLines {
  readonly #options: LiveLinesOptions;
  #doing: string | undefined;
  #frame = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LiveLinesOptions) {
    this.#options = options;
  }

  /** A line that stays; what was going on goes on below it. */
  line(text: string): void {
    this.#options.write(`${this.#erasure()}${text}\n`);
    this.#draw();
  }

  /** What is going on now; nothing, where no text is given. */
  doing(text?: string): void {
    if (!this.#options.moving) return;
    this.#options.write(this.#erasure());
    this.#doing = text;
    clearInterval(this.#timer);
    if (text !== undefined) this.#timer = setInterval(() => this.#draw(), frameMs).unref();
    this.#draw();
  }

  #draw(): void {
    if (this.#doing === undefined) return;
    this.#frame = (this.#frame + 1) % frames.length;
    this.#options.write(`${this.#erasure()}${frames[this.#frame]} ${this.#doing}`);
  }

  #erasure(): string {
    return this.#doing === undefined ? "" : "\r\u001B[2K";
  }
}
