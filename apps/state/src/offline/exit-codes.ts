/** What sysexits.h calls them. */
export const EXIT_ALL_DONE = 0;
export const EXIT_SOME_LEFT = 1;
export const EXIT_WRONG_USAGE = 64;
export const EXIT_UNAVAILABLE = 69;
