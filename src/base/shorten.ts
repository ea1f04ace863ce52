/** At most so many columns of a line; what was cut is an ellipsis. */
export function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 1 ? "" : `${text.slice(0, width - 1)}…`;
}
