"""A real browser shows a run's page: no message on its console, no page wider than a phone, curves inside their charts."""

import json
import pathlib
import re
import shutil
import subprocess
import sys

import peer

browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if not browser:
    print("skipped: no Chromium here")
    sys.exit(peer.SKIPPED)

# Added to a copy of the page, which stands in a frame as wide as a phone or a desk: tells the frame's page what it looks like.
PROBE = """<script>
addEventListener('load', () => {
  const inside = [...document.querySelectorAll('svg')].map(svg => {
    const box = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('circle,text,polyline')].every(part => {
      const at = part.getBoundingClientRect();
      return at.left >= box.left - 1 && at.right <= box.right + 1 && at.top >= box.top - 1 && at.bottom <= box.bottom + 1;
    });
  });
  const small = Math.min(...[...document.querySelectorAll('svg')].map(svg => 11 * svg.getBoundingClientRect().width / 440));
  parent.postMessage(JSON.stringify({
    page: document.documentElement.scrollWidth, window: innerWidth, charts: inside.length, inside, small,
    back: getComputedStyle(document.body).backgroundColor}), '*');
});
</script>"""
FRAME = """<body><script>addEventListener('message', event => document.body.dataset.seen = event.data)</script>
<iframe style="width:{width}px;height:900px;border:0" src="{page}"></iframe></body>"""


def seen(page, width, dark):
    """What the probe saw, and the console's lines."""
    frame = page.with_suffix(f".{width}.html")
    frame.write_text(FRAME.format(width=width, page=page.name))
    command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000", "--hide-scrollbars",
               f"--user-data-dir={page.parent / 'profile'}", "--enable-logging=stderr", "--virtual-time-budget=3000", "--dump-dom"]
    if dark:
        command.append("--blink-settings=preferredColorScheme=0")
    done = subprocess.run([*command, frame.as_uri()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    found = re.search(r'data-seen="([^"]*)"', done.stdout)
    peer.check(found, f"the browser showed nothing: {done.stderr[-2000:]}")
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(found[1].replace("&quot;", '"')), console


with peer.folder() as work:
    work = pathlib.Path(work)
    sizes = ["--set", "model.d_model=32", "--set", "model.layers=1", "--set", "model.feedforward=32", "--set", "model.heads=4"]
    for name, epochs in (("one", 1), ("three", 3)):
        peer.runner("train", "configs/p6b_v23.yaml", "--output", work / name, "--epochs", epochs, *sizes)
    both = work / "both.html"
    peer.runner("runs", "report", work / "one", work / "three", "--output", both)
    for page in (work / "one" / "report.html", work / "three" / "report.html", both):
        probed = work / f"{page.parent.name}_{page.name}"
        probed.write_text(page.read_text().replace("</head>", PROBE + "</head>"))
        backs = set()
        for width in (1280, 390):
            for dark in (False, True):
                layout, console = seen(probed, width, dark)
                peer.check(not console, f"{page}: {console}")
                peer.check(layout["page"] <= layout["window"] == width, f"{page} is {layout['page']} px wide in a window of {width}")
                peer.check(layout["charts"] >= 6, f"{page} has {layout['charts']} charts")
                peer.check(all(layout["inside"]), f"{page}: something lies outside its chart at {width} px: {layout['inside']}")
                peer.check(layout["small"] >= 8, f"{page}: letters of {layout['small']:.1f} px")
                backs.add(layout["back"])
        peer.check(len(backs) == 2, f"{page}: light and dark look alike: {backs}")
    print("three pages, two widths, light and dark")
