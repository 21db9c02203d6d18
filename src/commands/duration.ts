const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** "12h", "90d", "8w" as milliseconds; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = /^([1-9]\d{0,4})([hdw])$/.exec(text.trim().toLowerCase());
  const unit = UNIT_MS[match?.[2] ?? ''];
  return match?.[1] === undefined || unit === undefined ? null : Number(match[1]) * unit;
}
