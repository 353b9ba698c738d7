"""Trousers, jeans and shorts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from myclothes_catalogue.drawing import Drawing

STRAIGHT = (
    "M400 330 L400 176 C360 178 320 176 282 170 C268 240 258 310 254 380 "
    "C250 540 258 720 262 880 C300 886 340 886 374 882 C380 700 388 520 400 350"
)
WIDE = (
    "M400 330 L400 176 C360 178 322 176 288 170 C262 260 246 330 240 400 "
    "C220 560 204 720 192 872 C250 886 320 888 378 880 C384 700 390 520 400 360"
)
TAPERED = (
    "M400 330 L400 176 C360 178 318 176 280 170 C262 240 250 320 250 390 "
    "C252 540 270 700 286 850 C312 856 344 856 368 852 C378 700 388 520 400 350"
)
SHORT = (
    "M400 330 L400 226 C360 228 320 226 282 220 C262 300 244 420 222 640 "
    "C270 660 330 668 384 664 C388 560 394 480 400 420"
)


def _waist(d: Drawing, top: float = 170, *, loops: bool = True) -> None:
    d.body(
        f"M400 {top + 6} C360 {top + 8} 320 {top + 6} 282 {top} "
        f"L274 {top + 40} C320 {top + 48} 360 {top + 48} 400 {top + 46}",
        "dark",
    )
    if loops:
        for x in (304, 352, 438, 486):
            d.part(
                f"M{x} {top - 2}L{x + 10} {top - 2}L{x + 10} {top + 52}L{x} {top + 52}Z", "base", plain=True, flat=True
            )
    d.buttons(400, [top + 26], radius=8)


def _fly(d: Drawing, top: float) -> None:
    d.seam(f"M400 {top + 46}L400 {top + 180}", width=3)
    d.seam(f"M428 {top + 48}C430 {top + 110} 424 {top + 150} 402 {top + 170}", stitched=True)


def _crotch_folds(d: Drawing) -> None:
    d.fold("M388 352C364 366 338 372 312 372M392 372C374 400 352 416 330 424")


def jeans(d: Drawing) -> None:
    d.body(STRAIGHT)
    _waist(d)
    _fly(d, 170)
    d.seam("M340 220C336 262 312 284 266 290", stitched=True, pair=True)
    d.seam("M274 300C270 480 272 700 276 872", stitched=True, pair=True)
    d.seam("M262 864C300 870 340 870 374 866", stitched=True, pair=True)
    d.buttons(272, [292], radius=5, tone="metal")
    d.buttons(528, [292], radius=5, tone="metal")
    _crotch_folds(d)
    d.fold("M284 560C310 570 336 570 358 562")


def chinos(d: Drawing) -> None:
    d.body(STRAIGHT)
    _waist(d)
    _fly(d, 170)
    d.seam("M310 220L270 300", pair=True)
    d.seam("M318 240C316 460 318 700 320 872", width=2, pair=True)
    _crotch_folds(d)


def wide_trousers(d: Drawing) -> None:
    d.body(WIDE)
    _waist(d, loops=False)
    _fly(d, 170)
    d.seam("M300 220L258 320", pair=True)
    d.fold("M326 224C320 420 300 680 286 872M360 420C354 600 348 760 344 876M262 480C250 640 240 760 232 870")


def joggers(d: Drawing) -> None:
    d.body(TAPERED)
    d.body("M400 174 C360 176 320 174 280 168 L272 216 C320 224 360 224 400 222", "dark", plain=True)
    d.ribs(range(288, 520, 16), 180, 216, width=2)
    d.part("M282 826C312 832 344 832 370 828L366 890C340 894 314 894 292 890Z", "dark", plain=True, pair=True)
    d.seam("M300 836L304 886M320 838L322 888M340 838L340 888", width=2, pair=True)
    d.band("M386 220C384 260 376 290 380 320", "light", 8)
    d.band("M414 220C416 250 424 280 420 304", "light", 8)
    d.seam("M300 230C292 280 276 310 256 324", pair=True)
    _crotch_folds(d)
    d.fold("M274 620C296 636 326 640 352 632")


def shorts(d: Drawing) -> None:
    d.body(SHORT)
    _waist(d, 220)
    _fly(d, 220)
    d.seam("M312 270L266 350", pair=True)
    d.seam("M225 620C272 640 330 648 385 644", stitched=True, pair=True)
    d.fold("M390 420C366 440 338 450 310 450M300 480C292 540 284 590 278 640")


def leggings(d: Drawing) -> None:
    d.body(
        "M400 330 L400 166 C360 168 326 166 296 160 C284 240 274 310 276 380 "
        "C284 540 300 700 306 880 C326 886 352 886 372 882 C380 700 392 520 400 350"
    )
    d.body("M400 166 C360 168 326 166 296 160 L288 226 C326 236 360 236 400 234", "dark", plain=True)
    d.seam("M298 240C296 460 318 700 322 876", pair=True)
    _crotch_folds(d)
    d.fold("M312 600C330 608 350 608 366 602")


CUTS = {
    "jeans": jeans,
    "chinos": chinos,
    "wide trousers": wide_trousers,
    "joggers": joggers,
    "shorts": shorts,
    "leggings": leggings,
}
