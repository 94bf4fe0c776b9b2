/** A place in an index, whether or not a job is there. */
export interface SortedPlace {
  /** createdAt or updatedAt. */
  readonly time: string;
  readonly uuid: string;
}
