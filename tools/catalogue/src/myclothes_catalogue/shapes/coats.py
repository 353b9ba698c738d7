"""Coats and jackets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from myclothes_catalogue.paths import symmetric

if TYPE_CHECKING:
    from myclothes_catalogue.drawing import Drawing

SLEEVE = "M262 214C214 230 190 268 178 330C158 450 138 610 118 756C146 768 182 772 212 768C228 650 242 540 256 430Z"


def _lapels(d: Drawing, depth: float) -> None:
    d.body(f"M400 190 C374 190 352 186 338 172 L330 210 L400 {depth:g}", "deep", plain=True, flat=True)
    d.part(
        f"M336 168C322 196 308 226 300 262L326 288L304 306L398 {depth + 24:g}L398 {depth - 10:g}L352 214Z",
        "light",
        pair=True,
    )
    d.part("M344 160L336 168C316 196 304 224 298 256L330 282L366 236Z", "dark", pair=True)


def _front(d: Drawing, top: float, bottom: float) -> None:
    d.seam(f"M406 {top:g}L412 {bottom:g}", width=4)


def _flap(d: Drawing, y: float) -> None:
    d.part(f"M276 {y:g}L366 {y + 6:g}L366 {y + 40:g}L274 {y + 34:g}Z", "dark", pair=True)


def wool_coat(d: Drawing) -> None:
    d.part(SLEEVE, pair=True)
    d.body("M400 300 L338 180 C312 196 286 206 256 218 L252 430 C256 600 244 790 232 924 C290 936 350 938 400 938")
    _lapels(d, 430)
    _front(d, 440, 938)
    d.buttons(380, [490, 590, 690], radius=12)
    _flap(d, 620)
    d.fold("M276 500C276 640 268 800 262 920M176 500C188 528 206 544 228 548")


def trench(d: Drawing) -> None:
    d.part(SLEEVE, pair=True)
    d.part("M128 690L222 700L220 724L124 714Z", "dark", pair=True)
    d.body(
        "M400 300 L338 180 C312 196 286 206 256 218 L252 430 C258 520 260 560 258 580 "
        "C250 700 226 820 212 914 C280 934 350 938 400 938"
    )
    d.part("M256 218C286 206 312 196 334 184L306 300C300 350 292 390 254 410Z", "light", pair=True)
    _lapels(d, 400)
    _front(d, 420, 938)
    d.buttons(350, [450, 520, 680], radius=10)
    d.buttons(450, [450, 520, 680], radius=10)
    d.body("M400 566 C350 566 300 562 257 554 L257 594 C300 602 350 606 400 606", "dark", plain=True)
    d.part("M364 556L436 556L436 616L364 616Z", "metal", plain=True)
    d.part("M378 568L422 568L422 604L378 604Z", "dark", plain=True, flat=True)
    d.part("M436 566L520 562L540 700L506 706L490 604L436 606Z", "dark", plain=True)
    d.fold("M290 610C284 720 268 830 256 914")


def parka(d: Drawing) -> None:
    d.part(SLEEVE, pair=True)
    d.body("M400 86 C300 84 268 150 284 246 C320 300 364 320 400 320 L400 86", "dark")
    d.body(
        "M400 300 C364 280 330 250 306 204 C290 210 274 214 256 218 L252 430 "
        "C256 600 248 760 240 890 C290 902 350 904 400 904"
    )
    d.body("M400 118 C334 118 310 166 320 236 C340 270 370 296 400 306", "deep", plain=True, flat=True)
    d.part("M384 292L424 292L428 904L384 904Z", "light", plain=True)
    d.buttons(406, [340, 440, 540, 640, 740, 840], radius=9, tone="metal")
    d.part("M270 650L364 656L364 780L266 772Z", "base", pair=True)
    d.part("M266 640L368 646L368 686L264 680Z", "dark", pair=True)
    d.across("M254 540 C300 548 350 550 384 550", stitched=True)
    d.fold("M276 560C280 590 290 610 300 620")


def bomber(d: Drawing) -> None:
    sleeve = "M262 218C214 234 186 276 172 340C150 450 130 570 116 690C142 712 184 720 214 710C232 610 246 520 256 440Z"
    d.part(sleeve, pair=True)
    d.part("M116 690C142 712 184 720 214 710L206 762C178 770 146 762 122 746Z", "dark", plain=True, pair=True)
    d.body(
        "M400 250 C362 248 342 224 334 190 C310 204 284 212 256 224 L248 430 "
        "C254 540 244 640 240 720 C300 730 350 732 400 732"
    )
    d.part("M240 716C350 734 450 734 560 716L552 784C450 800 350 800 248 784Z", "dark", plain=True)
    d.ribs(range(262, 550, 18), 732, 784)
    d.body("M400 204 C374 204 350 200 334 190 C342 224 362 250 400 250", "deep", plain=True, flat=True)
    d.band("M326 192C336 240 366 268 400 270C434 268 464 240 474 192", "dark", 30)
    d.part("M394 262L406 262L406 792L394 792Z", "metal", plain=True, flat=True)
    d.seam("M290 560L332 650", width=6, pair=True)
    d.fold("M262 440C284 470 310 484 336 488M160 520C178 552 200 566 226 570")


def puffer(d: Drawing) -> None:
    d.part(
        "M262 218C204 230 176 280 160 350C140 460 124 590 116 720C144 744 190 750 222 736C236 630 248 530 256 440Z",
        pair=True,
    )
    d.seam(
        (
            "M166 330C196 352 228 362 258 360M150 430C184 454 220 464 252 462M136 530"
            "C168 554 208 564 244 560M126 630C158 652 200 660 232 656"
        ),
        pair=True,
    )
    d.body(
        "M400 250 C362 248 342 224 334 190 C310 204 284 212 254 224 L246 440 "
        "C244 560 240 680 238 800 C300 816 350 818 400 818"
    )
    for y in (330, 430, 530, 630, 730):
        d.across(f"M248 {y} C296 {y + 16} 350 {y + 18} 400 {y + 18}", width=4)
    for y in (350, 450, 550, 650, 750):
        d.fold(f"M256 {y}C300 {y + 16} 340 {y + 18} 380 {y + 18}")
    d.body("M400 142 C370 142 348 146 334 156 L324 240 C348 262 374 268 400 268 L400 142", "dark")
    d.part("M392 150L408 150L408 818L392 818Z", "deep", plain=True, flat=True)


def gilet(d: Drawing) -> None:
    d.body(
        "M400 250 C362 248 342 224 334 190 L276 214 C282 310 272 380 246 430 "
        "C246 560 242 680 240 790 C300 804 350 806 400 806"
    )
    d.band("M276 214C282 310 272 380 246 430", "dark", 14)
    d.band("M524 214C518 310 528 380 554 430", "dark", 14)
    d.body("M400 150 C370 150 348 154 334 164 L326 236 C348 258 374 264 400 264 L400 150", "dark", plain=True)
    d.part("M392 158L408 158L408 806L392 806Z", "deep", plain=True, flat=True)
    d.part("M268 600L352 604L350 614L266 610Z", "deep", plain=True, flat=True, pair=True)


def blazer(d: Drawing) -> None:
    d.part(SLEEVE, pair=True)
    d.buttons(160, [724, 746], radius=5)
    d.buttons(640, [724, 746], radius=5)
    d.body(
        "M400 300 L338 180 C312 196 286 206 256 218 L254 430 C266 500 262 560 252 640 "
        "C244 720 244 770 246 812 C290 834 350 838 388 812 L400 780"
    )
    _lapels(d, 500)
    _front(d, 510, 790)
    d.buttons(396, [560, 640], radius=11)
    _flap(d, 640)
    d.part("M468 420L536 412L538 428L470 436Z", "dark", plain=True)
    d.seam("M300 440C306 520 304 580 300 640", width=2.5, pair=True)


def denim_jacket(d: Drawing) -> None:
    d.part(SLEEVE, pair=True)
    d.part("M124 716C150 728 182 732 216 728L212 768C182 772 146 768 118 756Z", "dark", pair=True)
    d.body(
        "M400 262 C364 240 342 216 334 190 C312 204 286 212 258 222 L252 430 "
        "C256 540 250 640 248 720 C300 730 350 732 400 732"
    )
    d.part(symmetric("M400 716 C350 716 300 714 248 704 L250 758 C300 768 350 770 400 770"), "dark")
    d.body("M400 196 C374 196 352 192 340 178 L334 200 L400 262", "deep", plain=True, flat=True)
    d.part("M338 172L398 262L346 314C328 276 316 236 320 196Z", "light", pair=True)
    d.across("M254 380 C300 390 350 392 400 392", stitched=True)
    d.part("M280 392L366 398L366 424L322 446L280 424Z", "light", pair=True)
    d.seam("M300 450L330 704", stitched=True, pair=True)
    d.seam("M366 440L362 704", stitched=True, pair=True)
    d.seam("M384 290L384 768", pair=True)
    d.buttons(400, [330, 420, 510, 600, 690, 744], radius=9, tone="metal")


def raincoat(d: Drawing) -> None:
    parka_body = (
        "M400 300 C364 280 330 250 306 204 C290 210 274 214 256 218 L252 430 "
        "C244 560 222 720 206 856 C280 880 350 884 400 884"
    )
    d.part(SLEEVE, pair=True)
    d.body("M400 86 C300 84 268 150 284 246 C320 300 364 320 400 320 L400 86", "dark")
    d.body(parka_body)
    d.body("M400 118 C334 118 310 166 320 236 C340 270 370 296 400 306", "deep", plain=True, flat=True)
    _front(d, 306, 884)
    d.buttons(386, [360, 470, 580, 690], radius=11)
    _flap(d, 620)
    d.fold("M276 480C268 600 250 740 240 860")
    d.seam("M209 834C280 858 350 862 400 862", stitched=True, pair=True)


CUTS = {
    "wool coat": wool_coat,
    "trench": trench,
    "parka": parka,
    "bomber": bomber,
    "puffer": puffer,
    "gilet": gilet,
    "blazer": blazer,
    "denim jacket": denim_jacket,
    "raincoat": raincoat,
}
