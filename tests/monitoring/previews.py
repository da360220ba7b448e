"""Draws the dashboards: `previews.py HELM TRACKER` writes docs/images/{task,fleet,operator}.svg.

What is drawn are the panels' own queries, asked of the live system of dashboards_test.py after some minutes of load: real
trackers, a real Prometheus, operator and cluster as recorded. Grafana draws differently; this says what stands where. By hand, after
a change of the dashboards.
"""

import math
import sys
import time
from xml.sax.saxutils import escape

import dashboards_test
from chart import ROOT, dashboards, replaced
from dashboards_test import VARIABLES, Live

SECONDS, STEP = 180, 2
WIDTH, CELL = 1200, 34
COLUMN = WIDTH / 24
COLORS = ("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0")
STATES = {"green": "#37872d", "red": "#c4162a", "yellow": "#b58900", "orange": "#c05f00", "blue": "#1f60c4"}
UNITS = {"s": "s", "Bps": "B/s", "bytes": "B", "rowsps": "/s", "cps": "/s", "ops": "/s", "reqps": "/s", "percentunit": "", "short": ""}


def short(value, unit):
    """1234567 -> 1.23 M."""
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    suffix = ""
    for suffix in ("", "k", "M", "G", "T"):
        if abs(value) < 1000:
            break
        value /= 1000
    return f"{value:.3g} {suffix}{UNITS.get(unit, '')}".strip()


def legend_of(target, labels):
    name = target.get("legendFormat", "")
    for label, value in labels.items():
        name = name.replace("{{" + label + "}}", value)
    return name


def series_of(prometheus, panel, end):
    """[(legend, [(time, value)])] of all its queries."""
    found = []
    for target in panel.get("targets", []):
        query = replaced(target["expr"], VARIABLES)
        if target.get("instant"):
            answer = prometheus.get("query", query=query, time=end)["result"]
            found += [(legend_of(target, one["metric"]), [(end, float(one["value"][1]))]) for one in answer]
        else:
            answer = prometheus.get("query_range", query=query, start=end - SECONDS, end=end, step=STEP)["result"]
            found += [(legend_of(target, one["metric"]), [(float(at), float(value)) for at, value in one["values"]]) for one in answer]
    return [(name, [(at, value) for at, value in points if not math.isnan(value)]) for name, points in found]


class Picture:
    def __init__(self, title, height):
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11">',
                      f"<title>{escape(title)}</title>", f'<rect width="{WIDTH}" height="{height}" fill="#111217"/>']

    def box(self, x, y, w, h, fill, extra=""):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{fill}" {extra}/>')

    def text(self, x, y, text, fill="#ccccdc", size=11, anchor="start", weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" font-size="{size}" text-anchor="{anchor}" '
                          f'font-weight="{weight}">{escape(text)}</text>')

    def line(self, points, color):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.2"/>')


def mapped(panel, value):
    """(text, colour) as the panel's mappings have it."""
    for mapping in panel["fieldConfig"]["defaults"].get("mappings", []):
        option = mapping["options"].get(f"{value:g}")
        if option:
            return option["text"], STATES.get(option["color"], "#37872d")
    color = "#37872d"
    for step in panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", []):
        if step["value"] is None or value >= step["value"]:
            color = STATES.get(step["color"], color)
    return short(value, panel["fieldConfig"]["defaults"].get("unit", "")), color


def draw_stat(picture, panel, series, x, y, w, h):
    name, points = series[0]
    text, color = mapped(panel, points[-1][1])
    if panel["options"].get("textMode") == "name":
        text, color = name, "#181b1f"
    picture.box(x + 4, y + 24, w - 8, h - 28, color, 'rx="3"')
    picture.text(x + w / 2, y + h / 2 + 18, text, "#ffffff", min(26, 1.6 * w / max(len(text), 1)), "middle", "bold")


def draw_states(picture, panel, series, x, y, w, h, end):
    room = (h - 32) / len(series)
    for number, (name, points) in enumerate(series):
        top = y + 26 + number * room
        picture.text(x + 8, top + room / 2 + 3, name[:22])
        for at, value in points:
            picture.box(x + 140 + (at - end + SECONDS) / SECONDS * (w - 150), top + 1, (w - 150) * STEP / SECONDS + 0.6, room - 3,
                        mapped(panel, value)[1])


def draw_lines(picture, panel, series, x, y, w, h, end):
    unit = panel["fieldConfig"]["defaults"].get("unit", "")
    values = [value for _, points in series for _, value in points]
    top = max(values, default=1) or 1
    low = min(0, *values) if values else 0
    left, bottom = x + 62, y + h - 30
    for part in (0, 0.5, 1):
        at = bottom - part * (h - 62)
        picture.line([(left, at), (x + w - 8, at)], "#2c3235")
        picture.text(left - 5, at + 4, short(low + part * (top - low), unit), "#9fa7b3", 10, "end")
    shown = []
    for number, (name, points) in enumerate(series):
        color = COLORS[number % len(COLORS)]
        picture.line([(left + (at - end + SECONDS) / SECONDS * (x + w - 8 - left), bottom - (value - low) / (top - low) * (h - 62))
                      for at, value in points], color)
        shown.append((name, color))
    at = x + 10
    for name, color in shown[:6]:
        if at + 7 * len(name) + 20 > x + w:
            break
        picture.box(at, y + h - 13, 10, 3, color)
        picture.text(at + 14, y + h - 8, name, "#ccccdc", 10)
        at += 6.2 * len(name) + 28


def draw_table(picture, series, x, y, w):
    for number, (name, points) in enumerate(series[:8]):
        picture.text(x + 10, y + 40 + number * 16, name or "value")
        picture.text(x + w - 10, y + 40 + number * 16, f"{points[-1][1]:g}", anchor="end")


def draw(dashboard, prometheus, end):
    height = CELL * max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in dashboard["panels"]) + 8
    picture = Picture(dashboard["title"], height)
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        x, y, w, h = at["x"] * COLUMN, at["y"] * CELL + 4, at["w"] * COLUMN, at["h"] * CELL
        if panel["type"] == "row":
            picture.text(x + 8, y + 22, panel["title"], "#ccccdc", 14, weight="bold")
            continue
        picture.box(x + 2, y + 2, w - 4, h - 4, "#181b1f", 'stroke="#2c3235" rx="2"')
        picture.text(x + 10, y + 18, panel["title"], "#d8d9da", 12, weight="bold")
        series = [one for one in series_of(prometheus, panel, end) if one[1]]
        if not series:
            picture.text(x + w / 2, y + h / 2 + 8, "no data", "#8e8e8e", 11, "middle")
        elif panel["type"] == "stat":
            draw_stat(picture, panel, series, x, y, w, h)
        elif panel["type"] == "state-timeline":
            draw_states(picture, panel, series, x, y, w, h, end)
        elif panel["type"] == "table":
            draw_table(picture, series, x, y, w)
        else:
            draw_lines(picture, panel, series, x, y, w, h, end)
    return "\n".join((*picture.parts, "</svg>\n"))


def main():
    dashboards_test.HELM, dashboards_test.TRACKER = sys.argv[1:3]
    folder = ROOT / "docs" / "images"
    folder.mkdir(exist_ok=True)
    live = Live()
    try:
        live.start()
        time.sleep(SECONDS)
        end = time.time()
        for name, dashboard in dashboards(sys.argv[1]).items():
            (folder / f"{name}.svg").write_text(draw(dashboard, live.prometheus, end), encoding="utf-8")
            print(f"docs/images/{name}.svg", file=sys.stderr)
    finally:
        live.stop()


if __name__ == "__main__":
    main()
