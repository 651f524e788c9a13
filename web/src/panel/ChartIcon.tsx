export function ChartIcon() {
  return (
    <svg viewBox="0 0 20 20" height="1em" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M2.5 2.5v15h15" strokeLinecap="round" strokeLinejoin="round" />
      <path d="M5.5 13l3.5-4.5 3 2.5 5-7" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
