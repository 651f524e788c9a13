import { type EChartsType, init } from "echarts/core";
import { useEffect, useRef } from "react";
import type { Option } from "../options/option.ts";

type Props = { option: Option; label: string; height?: number };

const prefersStill = matchMedia("(prefers-reduced-motion: reduce)");

/** An ECharts drawing that follows its place's size. */
export function Canvas({ option, label, height }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);

  useEffect(() => {
    if (!place.current) return;
    const made = init(place.current, null, { renderer: "svg" });
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(place.current);
    return () => {
      observer.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    chart.current?.setOption({ ...option, animation: !prefersStill.matches }, { notMerge: true });
  }, [option]);

  return (
    <div className="trend-canvas" style={height ? { height } : undefined}>
      <div ref={place} role="img" aria-label={label} />
    </div>
  );
}
