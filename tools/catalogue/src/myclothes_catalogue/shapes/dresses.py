"""Dresses and skirts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_catalogue.paths import open_line

if TYPE_CHECKING:
    from myclothes_catalogue.drawing import Drawing


def _skirt_folds(d: Drawing, top: float, bottom: float) -> None:
    creases = []
    for x, spread in ((372, 12), (340, 50), (316, 96)):
        knee = f"{x - spread * 0.3:g} {top + 160} {x - spread * 0.8:g} {bottom - 140}"
        creases.append(f"M{x} {top}C{knee} {x - spread} {bottom}")
    d.fold("".join(creases))


def slip_dress(d: Drawing) -> None:
    d.band("M318 250C322 190 332 140 344 108", "dark", 9)
    d.band("M482 250C478 190 468 140 456 108", "dark", 9)
    d.body(
        "M400 286 C366 280 340 262 318 236 C302 270 284 300 276 332 C288 430 286 480 278 540 "
        "C262 660 236 790 214 892 C280 914 340 918 400 918"
    )
    d.across("M318 246 C340 272 366 290 400 296", width=3)
    _skirt_folds(d, 520, 900)
    d.fold("M300 390C330 404 352 404 372 396")


def summer_dress(d: Drawing) -> None:
    d.part("M272 204C230 218 206 248 190 300L172 352C202 372 236 382 266 382L282 330Z", pair=True)
    d.body("M400 300 C356 290 334 240 326 178 L268 204 C276 290 290 380 300 470 C334 478 368 480 400 480")
    d.body("M400 196 C370 196 344 190 326 178 C334 240 356 290 400 300", "deep", plain=True, flat=True)
    d.band(open_line("M326 178 C334 240 356 290 400 300"), "light", 12)
    d.body("M400 476 C368 476 334 474 300 466 C280 580 232 740 190 872 C260 902 330 908 400 908")
    d.body("M400 458 C368 458 334 456 299 448 L300 486 C334 494 368 496 400 496", "dark", plain=True)
    _skirt_folds(d, 510, 892)
    d.seam("M196 852C260 880 330 888 400 888", stitched=True, pair=True)


def shirt_dress(d: Drawing) -> None:
    sleeve = "M270 206C226 222 202 262 190 320C176 400 164 470 156 540C182 552 214 556 240 552C246 490 254 430 262 390Z"
    d.part(sleeve, pair=True)
    d.part("M156 540C182 552 214 556 240 552L238 586C208 590 176 586 152 574Z", "light", pair=True)
    d.body(
        "M400 250 C364 230 344 206 336 178 C314 192 290 200 266 210 L262 390 C276 440 288 480 290 510 "
        "C272 630 240 780 222 890 C280 912 340 916 400 916"
    )
    d.body("M400 184 C374 184 354 180 342 166 L336 188 L400 250", "deep", plain=True, flat=True)
    d.part("M340 160L398 250L352 296C332 262 322 224 324 184Z", "light", pair=True)
    d.seam("M384 270L384 914")
    d.seam("M416 250L416 914")
    d.buttons(400, [310, 390, 470, 580, 660, 740, 820], radius=7)
    d.body("M400 500 C360 500 322 498 288 492 L288 524 C322 532 360 534 400 534", "trim", plain=True)
    d.part("M420 504L452 500L480 640L446 644Z", "trim", plain=True)
    d.part("M400 494L440 494L440 538L400 538Z", "deep", plain=True)
    _skirt_folds(d, 550, 896)


def knit_dress(d: Drawing) -> None:
    d.part(
        "M270 206C230 222 206 262 196 320C180 430 166 560 152 700C176 710 204 712 226 708C240 590 252 480 266 400Z",
        pair=True,
    )
    d.body(
        "M400 210 C372 210 352 204 340 190 C316 200 290 206 266 212 L264 400 C282 480 290 520 288 560 "
        "C274 660 266 780 266 886 C310 894 356 896 400 896"
    )
    d.body("M400 124 C376 124 356 126 344 134 L334 206 C354 222 376 228 400 228 L400 124", "light", plain=True)
    d.body("M400 124 C376 124 356 126 344 134 C356 142 376 146 400 146", "deep", plain=True, flat=True)
    d.fold("M288 470C320 490 352 494 380 488M280 640C276 720 276 800 276 880M340 600C336 700 334 800 334 884")


def mini_dress(d: Drawing) -> None:
    d.body(
        "M400 270 C360 266 340 226 332 176 L278 196 C282 270 280 330 262 380 C276 440 284 480 278 530 "
        "C258 640 236 720 220 800 C280 820 340 824 400 824"
    )
    d.body("M400 192 C372 192 348 188 332 176 C340 226 360 266 400 270", "deep", plain=True, flat=True)
    d.band(open_line("M332 176 C340 226 360 266 400 270"), "light", 12)
    d.band("M278 196C282 270 280 330 262 380", "light", 10)
    d.band("M522 196C518 270 520 330 538 380", "light", 10)
    _skirt_folds(d, 500, 806)


def midi_skirt(d: Drawing) -> None:
    d.body("M400 206 C360 208 326 206 296 200 C276 340 222 640 184 820 C250 850 330 858 400 858")
    d.body("M400 176 C360 178 326 176 298 170 L292 216 C326 224 360 224 400 222", "dark", plain=True)
    for x, end in ((392, 388), (366, 336), (342, 288), (320, 246), (304, 214)):
        d.seam(f"M{x} 226C{x - (x - end) * 0.3:g} 420 {x - (x - end) * 0.7:g} 640 {end} 846", width=3, pair=True)
    _skirt_folds(d, 300, 846)


def wrap_skirt(d: Drawing) -> None:
    d.body("M400 206 C360 208 326 206 296 200 C268 340 240 620 226 800 C280 822 340 828 400 828")
    d.part(
        "M292 204C360 216 440 214 506 202C500 420 470 640 400 850C350 850 300 842 262 830C270 620 280 400 292 204Z",
        "light",
    )
    d.seam("M500 226C492 430 460 640 394 846", stitched=True)
    d.body("M400 176 C360 178 326 176 298 170 L290 214 C326 222 360 222 400 220", "dark", plain=True)
    d.part("M488 188L520 180L556 300L530 310Z", "dark", plain=True)
    d.part("M484 188L512 196L500 326L474 318Z", "dark", plain=True)
    d.fold("M330 300C322 480 312 660 306 830M400 300C396 480 380 660 360 840", pair=False)


def mini_skirt(d: Drawing) -> None:
    d.body("M400 256 C360 258 322 256 286 250 C268 380 246 540 232 690 C290 712 340 716 400 716")
    d.body("M400 226 C360 228 320 226 288 220 L280 266 C320 274 360 274 400 272", "dark", plain=True)
    d.seam("M400 276L400 716")
    d.buttons(400, [249, 330, 410, 490, 570, 650], radius=10, tone="metal")
    d.seam("M330 280C322 330 296 352 270 356", pair=True)
    d.fold("M320 420C312 520 304 620 300 700")
    d.seam("M236 668C290 690 340 694 400 694", stitched=True, pair=True)


CUTS = {
    "slip dress": slip_dress,
    "summer dress": summer_dress,
    "shirt dress": shirt_dress,
    "knit dress": knit_dress,
    "mini dress": mini_dress,
    "midi skirt": midi_skirt,
    "wrap skirt": wrap_skirt,
    "mini skirt": mini_skirt,
}
