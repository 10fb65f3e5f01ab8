/** A cron expression of five fields: minute, hour, day of the month, month, day of the week. */
export interface CronExpression {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** True if the day of the month, or that of the week, is anything but every one. */
  readonly isDayGiven: boolean;
  readonly isWeekdayGiven: boolean;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Words for `min`, `min + 1`, … */
  readonly words: readonly string[];
}

const MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
const WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split(" ");

const MINUTE: Field = { name: "minute", min: 0, max: 59, words: [] };
const HOUR: Field = { name: "hour", min: 0, max: 23, words: [] };
const DAY: Field = { name: "day of the month", min: 1, max: 31, words: [] };
const MONTH: Field = { name: "month", min: 1, max: 12, words: MONTHS };
const WEEKDAY: Field = { name: "day of the week", min: 0, max: 6, words: WEEKDAYS };

/**
 * Reads a cron expression: `*`, numbers, names of months and weekdays, ranges `a-b`, steps `/n` and
 * lists. The cloud's own additions (`L`, `W`, `#`) are refused by name.
 *
 * @throws {SyntaxError} Naming the field.
 */
export function parseCronExpression(text: string): CronExpression {
  const parts = text.trim().split(/\s+/);
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = parts;
  if (parts.length !== 5) {
    throw new SyntaxError(
      `Cannot read the cron expression "${text}": expected 5 fields, got ${parts.length}`,
    );
  }
  return {
    minutes: parseField(MINUTE, minute),
    hours: parseField(HOUR, hour),
    days: parseField(DAY, day),
    months: parseField(MONTH, month),
    weekdays: parseField(WEEKDAY, weekday),
    isDayGiven: !day.startsWith("*"),
    isWeekdayGiven: !weekday.startsWith("*"),
  };
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
// From one 29 February to the next there are at most eight years.
const MAX_DAYS = 366 * 9;

/**
 * Gives the first moment after another that an expression names, in UTC.
 *
 * @param after ms since epoch; not itself an answer.
 * @returns ms since epoch, or null if there is none, as for 30 February.
 */
export function nextCronTime(expression: CronExpression, after: number): number | null {
  const { minutes, hours } = expression;
  let time = (Math.floor(after / MINUTE_MS) + 1) * MINUTE_MS;
  const last = time + MAX_DAYS * DAY_MS;
  while (time < last) {
    const date = new Date(time);
    if (!isDayIn(expression, date)) time = (Math.floor(time / DAY_MS) + 1) * DAY_MS;
    else if (!hours.has(date.getUTCHours())) time = (Math.floor(time / HOUR_MS) + 1) * HOUR_MS;
    else if (!minutes.has(date.getUTCMinutes())) time += MINUTE_MS;
    else return time;
  }
  return null;
}

function isDayIn(expression: CronExpression, date: Date): boolean {
  const { days, months, weekdays, isDayGiven, isWeekdayGiven } = expression;
  if (!months.has(date.getUTCMonth() + 1)) return false;
  const isDay = days.has(date.getUTCDate());
  const isWeekday = weekdays.has(date.getUTCDay());
  // crontab(5): where both are given, either is enough.
  return isDayGiven && isWeekdayGiven ? isDay || isWeekday : isDay && isWeekday;
}

function parseField(field: Field, text: string): Set<number> {
  const numbers = new Set<number>();
  for (const part of text.split(",")) {
    const { first, last, step } = parseRange(field, part);
    for (let number = first; number <= last; number += step) numbers.add(number);
  }
  return numbers;
}

function parseRange(field: Field, part: string): { first: number; last: number; step: number } {
  const match = /^(\*|[0-9A-Za-z]+)(?:-([0-9A-Za-z]+))?(?:\/([0-9]+))?$/.exec(part);
  const [, from, to, every] = match ?? [];
  if (from === undefined || (from === "*" && to !== undefined)) return refuse(field, part);
  const step = every === undefined ? 1 : Number(every);
  if (step < 1) return refuse(field, part);
  if (from === "*") return { first: field.min, last: field.max, step };
  const first = parseNumber(field, from, part);
  // "5/15" begins at 5 and has no end of its own.
  const open = every === undefined ? first : field.max;
  const last = to === undefined ? open : parseNumber(field, to, part);
  return first <= last ? { first, last, step } : refuse(field, part);
}

function parseNumber(field: Field, text: string, part: string): number {
  const word = field.words.indexOf(text.toUpperCase());
  if (word >= 0) return field.min + word;
  const number = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  return number >= field.min && number <= field.max ? number : refuse(field, part);
}

function refuse({ name, min, max }: Field, part: string): never {
  const isAddition = /[LW#]/i.test(part) && /^[0-9LW#]+$/i.test(part);
  throw new SyntaxError(
    isAddition
      ? `"${part}" as ${name} of a cron expression is not supported by the embedded server yet`
      : `Cannot read a cron expression: expected ${name} from ${min} to ${max}, got "${part}"`,
  );
}
