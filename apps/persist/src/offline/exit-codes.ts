/** What sysexits.h calls them. */
export const EXIT_ALL_RIGHT = 0;
export const EXIT_DAMAGED = 1;
export const EXIT_WRONG_USAGE = 64;
export const EXIT_UNAVAILABLE = 69;
