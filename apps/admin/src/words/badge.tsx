import type { LucideIcon } from "lucide-react";

const TONES = {
  accent: "bg-accent-wash text-accent",
  amber: "bg-amber-wash text-amber",
  red: "bg-red-wash text-red",
  violet: "bg-violet-wash text-violet",
  plain: "bg-sunken text-muted",
} as const;

export type Tone = keyof typeof TONES;

/** The same tones for words and icons that stand without a badge. */
export const TEXT_TONES: Readonly<Record<Tone, string>> = {
  accent: "text-accent",
  amber: "text-amber",
  red: "text-red",
  violet: "text-violet",
  plain: "text-muted",
};

interface Props {
  readonly tone: Tone;
  readonly Icon?: LucideIcon;
  readonly children: string;
}

/** A word with a colour and an icon that say the same. */
export function Badge({ tone, Icon, children }: Props) {
  return (
    <span
      className={`inline-flex max-w-full items-center gap-1 rounded-md px-1.5 py-0.5 text-xs font-medium [overflow-wrap:anywhere] ${TONES[tone]}`}
    >
      {Icon && <Icon aria-hidden size={13} strokeWidth={2.25} className="shrink-0" />}
      {children}
    </span>
  );
}
