/**
 * Says when the subsystem's window is open next: `now` itself if it is open, else the moment (ms
 * since epoch) at which it opens.
 *
 * It goes by the local time of day, as people read it off a clock on the wall. A window that an hour
 * of summer time swallows whole does not open that day; one that comes twice opens twice.
 *
 * @param window `"HH:MM-HH:MM"`; `"22:00-06:00"` lasts over midnight; null is always open.
 */
export function nextOpening(window: string | null, now: number): number {
  if (window === null) return now;
  const [from = 0, to = 0] = window.split("-").map(minutes);
  const at = new Date(now);
  const minute = at.getHours() * 60 + at.getMinutes();
  const isOpen = from <= to ? minute >= from && minute < to : minute >= from || minute < to;
  if (isOpen) return now;
  const opening = new Date(now);
  // Two days are enough: a day's opening may fall into the hour that summer time takes.
  for (let day = 0; day <= 2; day += 1) {
    opening.setTime(now);
    opening.setDate(at.getDate() + day);
    opening.setHours(Math.floor(from / 60), from % 60, 0, 0);
    if (opening.getTime() > now) break;
  }
  return opening.getTime();
}

function minutes(time: string): number {
  const [hours = 0, rest = 0] = time.split(":").map(Number);
  return hours * 60 + rest;
}
