interface Props<Value extends string> {
  readonly legend: string;
  readonly name: string;
  /** Value to label, in the order shown. */
  readonly options: Record<Value, string>;
  readonly value: Value;
  onChange(value: Value): void;
}

/** One of a few. */
export function Choice<Value extends string>(props: Props<Value>) {
  const { legend, name, options, value, onChange } = props;
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-2 font-semibold">{legend}</legend>
      <div className="flex flex-wrap gap-2">
        {(Object.entries(options) as [Value, string][]).map(([option, label]) => (
          <label
            key={option}
            className="card has-checked:border-accent has-checked:bg-accent-wash has-focus-visible:outline-accent flex cursor-pointer items-center gap-2.5 px-4 py-2 has-focus-visible:outline-2 has-focus-visible:outline-offset-2"
          >
            <input
              type="radio"
              name={name}
              className="accent-accent outline-none"
              checked={option === value}
              onChange={() => onChange(option)}
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
