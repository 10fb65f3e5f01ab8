/** How many releases of an app stay: as far as one may go back, and as old as an open tab may be. */
export const KEPT_RELEASES = 10;
