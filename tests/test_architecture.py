import runpy
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_every_module_imports_only_what_stands_below_it():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    linted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout


def test_the_picture_of_the_architecture_is_up_to_date():
    script = runpy.run_path(str(ROOT / "docs" / "draw_architecture.py"))
    cure = "Run python docs/draw_architecture.py, and look at the picture."
    assert script["PICTURE"].read_text(encoding="utf-8") == script["picture"](), cure
