/** Hears how far a long work is: how much is done, and of how much. */
export type OnProgress = (done: number, of: number) => void;
