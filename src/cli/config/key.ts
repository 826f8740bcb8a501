/** A key and where it stands. */
export interface Key {
  readonly name: string;
  /** In UTF-16 units. */
  readonly offset: number;
}
