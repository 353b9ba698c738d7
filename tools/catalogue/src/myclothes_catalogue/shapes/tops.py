"""Shirts, tees and knitwear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_catalogue.paths import open_line, symmetric

if TYPE_CHECKING:
    from myclothes_catalogue.drawing import Drawing

BODY = (
    "M400 246 C364 246 342 224 334 190 C312 204 286 212 260 224 L254 400 "
    "C258 520 252 690 246 812 C300 822 350 824 400 824"
)
BACK = "M400 204 C374 204 350 200 334 190 C342 224 364 246 400 246"
NECK = "M334 190 C342 224 364 246 400 246"
LONG_SLEEVE = (
    "M266 221C222 236 198 268 186 330C166 450 142 600 122 748C146 758 178 762 204 760C222 650 238 540 256 420Z"
)
SHORT_SLEEVE = "M266 221C220 236 190 272 168 332L120 440C156 464 200 480 240 484L256 400Z"
CUFF = "M122 748C146 758 178 762 204 760L198 806C172 808 142 804 118 796Z"


def _hem_folds(d: Drawing) -> None:
    d.fold("M278 560C276 640 272 720 270 790M330 650C330 710 326 760 324 800M262 404C280 430 300 446 322 452")


def tee(d: Drawing) -> None:
    d.part(SHORT_SLEEVE, pair=True)
    d.seam("M128 424C164 446 204 460 242 464", stitched=True, pair=True)
    d.body(BODY)
    d.body(BACK, "deep", plain=True, flat=True)
    d.band(open_line(NECK), "dark", 16)
    d.across("M247 796 C300 806 350 808 400 808", stitched=True)
    _hem_folds(d)


def pocket_tee(d: Drawing) -> None:
    tee(d)
    d.part("M452 372L536 368L536 448L494 470L452 452Z", "dark", plain=True)
    d.seam("M452 388L536 384", stitched=True)


def long_sleeve(d: Drawing) -> None:
    d.part(LONG_SLEEVE, pair=True)
    d.part(CUFF, "dark", plain=True, pair=True)
    d.body(BODY)
    d.body(BACK, "deep", plain=True, flat=True)
    d.band(open_line(NECK), "dark", 16)
    d.across("M247 796 C300 806 350 808 400 808", stitched=True)
    _hem_folds(d)
    d.fold("M176 470C186 500 204 520 224 526")


def vest_top(d: Drawing) -> None:
    d.body(
        "M400 330 C352 330 330 268 322 184 L288 190 C290 300 286 360 250 404 "
        "C256 520 252 690 246 812 C300 822 350 824 400 824"
    )
    d.band(open_line("M322 184 C330 268 352 330 400 330"), "dark", 12)
    d.band("M288 190C290 300 286 360 250 404", "dark", 12)
    d.band("M512 190C510 300 514 360 550 404", "dark", 12)
    d.across("M247 796 C300 806 350 808 400 808", stitched=True)
    _hem_folds(d)


def _collar(d: Drawing) -> None:
    d.body("M400 196 C374 196 352 192 340 178 L334 200 L400 262", "deep", plain=True, flat=True)
    d.part("M338 172L398 262L352 308C332 274 320 236 322 196Z", "light", pair=True)


def _placket(d: Drawing, bottom: float) -> None:
    d.seam(f"M382 280L382 {bottom:g}")
    d.seam(f"M418 262L418 {bottom:g}")


def _shirt(d: Drawing, *, sleeve: str) -> None:
    hem = (
        "M400 262 C364 240 342 216 334 190 C312 204 286 212 260 224 L254 400 "
        "C258 520 252 660 246 770 C262 812 330 846 400 846"
    )
    d.part(sleeve, pair=True)
    d.body(hem)
    _collar(d)
    _placket(d, 846)
    d.buttons(400, [330, 420, 510, 600, 690, 780], radius=7)
    _hem_folds(d)


def shirt(d: Drawing) -> None:
    _shirt(d, sleeve=LONG_SLEEVE)
    d.part(CUFF, "light", pair=True)
    d.part("M462 384L546 380L546 468L504 488L462 472Z", "base")
    d.seam("M462 402L546 398", stitched=True)
    d.fold("M176 470C186 500 204 520 224 526")


def short_shirt(d: Drawing) -> None:
    _shirt(d, sleeve=SHORT_SLEEVE)
    d.seam("M130 420C166 442 206 456 243 460", pair=True)


def blouse(d: Drawing) -> None:
    sleeve = "M266 221C216 232 190 280 176 350C150 470 104 590 112 700C142 730 190 736 218 716C226 640 240 530 256 420Z"
    d.part(sleeve, pair=True)
    d.part("M112 700C142 730 190 736 218 716L208 758C180 770 146 764 124 748Z", "dark", pair=True)
    d.fold("M150 540C146 600 148 650 152 700M190 520C184 590 184 650 186 706")
    d.body(
        "M400 330 C370 300 342 240 334 190 C312 204 286 212 260 224 L254 400 "
        "C262 520 240 690 228 792 C290 814 350 818 400 818"
    )
    d.body("M400 204 C374 204 350 200 334 190 C342 240 370 300 400 330", "deep", plain=True, flat=True)
    d.band(open_line("M334 190 C342 240 370 300 400 330"), "light", 14)
    d.seam("M400 336L400 470")
    d.buttons(400, [366, 408, 450], radius=6)
    d.fold("M336 480C330 600 318 720 310 800M284 520C278 620 268 720 260 790")


def polo(d: Drawing) -> None:
    d.part(SHORT_SLEEVE, pair=True)
    d.part("M128 424C164 446 204 460 242 464L240 484C200 480 156 464 120 440Z", "dark", plain=True, pair=True)
    d.body(BODY.replace("M400 246 C364 246", "M400 256 C364 246"))
    d.part("M378 250L422 250L422 420L378 420Z", "light", plain=True)
    _collar(d)
    d.buttons(400, [304, 350, 396], radius=7)
    _hem_folds(d)


KNIT_BODY = (
    "M400 244 C362 244 342 222 334 190 C308 204 282 212 258 226 L250 410 "
    "C254 520 246 690 244 770 C300 780 350 782 400 782"
)


def _hem(d: Drawing) -> None:
    whole = "M244 770C350 784 450 784 556 770L550 826C450 840 350 840 250 826Z"
    d.part(whole, "dark", plain=True)
    d.ribs(range(268, 545, 18), 784, 826)


def _knit_cuff(d: Drawing) -> None:
    d.part(CUFF, "dark", plain=True, pair=True)
    d.seam("M140 758L136 800M158 762L155 804M176 763L173 806", width=2.5, pair=True)


def _knit(d: Drawing) -> None:
    d.part(LONG_SLEEVE, pair=True)
    _knit_cuff(d)
    d.body(KNIT_BODY)
    _hem(d)
    d.fold("M262 420C282 446 304 460 328 466M176 470C186 500 204 520 224 526")


def jumper(d: Drawing) -> None:
    _knit(d)
    d.body(BACK, "deep", plain=True, flat=True)
    d.band(open_line(NECK), "dark", 26)
    d.across("M326 205 C334 240 362 262 400 262", width=2.5)


def v_neck(d: Drawing) -> None:
    _knit(d)
    d.body("M400 204 C374 204 350 200 334 190 L400 356", "deep", plain=True, flat=True)
    d.band(open_line("M334 190 L400 350"), "dark", 24)


def roll_neck(d: Drawing) -> None:
    _knit(d)
    d.body("M400 132 C372 132 350 134 336 142 L326 226 C350 246 374 252 400 252 L400 132", "light", plain=True)
    d.body("M400 132 C372 132 350 134 336 142 C350 152 374 156 400 156", "deep", plain=True, flat=True)
    d.across("M330 190 C350 206 374 212 400 212", width=2.5)
    d.ribs(range(352, 449, 16), 160, 244, width=2)


def cardigan(d: Drawing) -> None:
    _knit(d)
    d.body("M400 204 C374 204 350 200 334 190 L400 440", "deep", plain=True, flat=True)
    d.part(symmetric("M400 470 L322 200 L340 184 L400 424"), "dark", plain=True, flat=True)
    d.part("M386 432L414 432L414 838L386 838Z", "dark", plain=True, flat=True)
    d.buttons(400, [470, 560, 650, 740, 810], radius=10)
    d.part("M276 610L360 614L360 710L276 706Z", "base", pair=True)
    d.seam("M276 632L360 636", pair=True)


def sweatshirt(d: Drawing) -> None:
    jumper(d)
    d.seam("M372 268L400 306L428 268", width=3)


def hoodie(d: Drawing) -> None:
    d.part(LONG_SLEEVE, pair=True)
    _knit_cuff(d)
    d.body("M400 110 C316 108 282 160 292 236 C330 290 370 300 400 300 L400 110", "dark", plain=True)
    d.body(KNIT_BODY)
    _hem(d)
    d.body("M400 132 C346 132 320 170 326 226 C346 262 372 286 400 292", "deep", plain=True, flat=True)
    d.band(open_line("M326 226 C346 262 372 286 400 292"), "dark", 20)
    d.body("M400 588 L318 588 L276 690 L276 748 L400 748", "base", plain=True)
    d.seam("M318 588L276 690", stitched=True, pair=True)
    d.band("M362 284C358 340 360 380 356 420", "light", 9)
    d.band("M438 284C442 340 440 370 446 404", "light", 9)


CUTS = {
    "tee": tee,
    "pocket tee": pocket_tee,
    "long sleeve": long_sleeve,
    "vest top": vest_top,
    "shirt": shirt,
    "short shirt": short_shirt,
    "blouse": blouse,
    "polo": polo,
    "jumper": jumper,
    "v-neck": v_neck,
    "roll neck": roll_neck,
    "cardigan": cardigan,
    "sweatshirt": sweatshirt,
    "hoodie": hoodie,
}
