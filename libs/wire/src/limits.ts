/** Deeper nesting of unknown protobuf groups than this is refused, as in the other protobuf runtimes. */
export const GROUP_DEPTH_MAX = 100;

/** Deeper nesting of JSON under an unknown key than this is refused: skipping recurses. Rows of Joblet nest three deep. */
export const JSON_DEPTH_MAX = 100;

/** Bytes of what is made into a JavaScript string: a job id or a reason. Both are far shorter; content is never made one. */
export const JSON_STRING_BYTES_MAX = 64 * 1024;

/** Characters of a floating-point number in a row. The longest that a writer needs has 25. */
export const JSON_NUMBER_LENGTH_MAX = 1024;

/** Content is escaped in pieces of this many bytes, so that room for the worst case (six for one) stays small. */
export const ESCAPE_PIECE_BYTES = 64 * 1024;

/** What a RowEncoder allocates first: a few hundred common rows. */
export const ROWS_BYTES_INITIAL = 32 * 1024;

/** A RowEncoder keeps a buffer of up to this size for its next rows: larger ones come from a rare huge row. */
export const ROWS_BYTES_KEPT_MAX = 1024 * 1024;

/** A view is kept from call to call only of a buffer of up to this size, so that no huge one stays in memory. */
export const VIEWED_BYTES_MAX = 4 * 1024 * 1024;

/** The last job id of up to this size is kept as a string: the longest valid one. */
export const SHARED_TEXT_BYTES_MAX = 128;
