"""Shoes, each a pair: one behind, one in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from myclothes_catalogue.drawing import Drawing


def _pair(d: Drawing, one: Callable[[Drawing], None]) -> None:
    d.repeat(lambda: one(d), [(40, -190, 0.86), (0, 90, 1)])


def _sneaker(d: Drawing) -> None:
    d.part(
        "M112 612C106 540 124 470 158 440C196 462 236 462 270 434C340 500 420 540 520 552"
        "C620 562 676 590 690 640L690 666L112 666Z"
    )
    d.part("M112 612C108 560 116 506 138 464C170 520 176 590 172 666L112 666Z", "dark")
    d.part("M520 552C620 562 676 590 690 640L690 660L540 666C550 610 544 576 520 552Z", "light")
    d.part("M158 440C196 462 236 462 270 434L288 450C250 490 190 494 148 456Z", "deep", plain=True, flat=True)
    d.part("M270 434L300 414C360 480 430 510 500 528L520 552C420 540 340 500 270 434Z", "light", plain=True)
    for x, y in ((312, 474), (354, 502), (398, 524), (444, 540)):
        d.band(f"M{x} {y}L{x + 34} {y - 34}", "trim", 11)
    d.part(
        "M104 648C300 662 520 662 700 640C708 668 704 690 690 700L124 704C108 694 102 672 104 648Z", "trim", plain=True
    )
    d.seam("M110 676C300 686 520 686 700 672", width=3)


def _boot(d: Drawing) -> None:
    d.part(
        "M150 640C148 520 146 400 150 262C210 276 290 276 346 260C350 340 356 400 372 440"
        "C440 480 560 500 630 548C668 574 682 606 684 644L150 650Z"
    )
    d.part(
        "M226 270C262 274 300 272 330 266C336 340 344 396 352 430C320 456 270 456 246 428C236 380 230 330 226 270Z",
        "deep",
        plain=True,
    )
    d.seam("M246 290L330 286M248 320L332 316M250 350L336 346M252 380L340 376M256 410L346 404", width=3)
    d.band("M156 264C150 236 168 222 182 240L184 268", "dark", 9)
    d.part(
        "M140 642L690 634C696 660 694 676 688 684L440 690L430 704L146 710C138 690 136 666 140 642Z", "deep", plain=True
    )
    d.fold("M370 450C350 480 320 500 290 506M470 494C452 520 430 540 408 548", pair=False)


def _lace_boot(d: Drawing) -> None:
    d.part(
        "M150 640C140 520 136 400 144 256C210 270 280 268 330 252C340 330 352 390 376 430"
        "C450 480 560 500 630 548C668 574 682 606 684 644L150 650Z"
    )
    d.part("M144 256C210 270 280 268 330 252L334 290C280 304 206 306 143 294Z", "dark", plain=True)
    d.part("M560 514C620 536 676 580 684 644L560 648C580 600 580 556 560 514Z", "dark")
    for x, y in ((300, 320), (306, 362), (318, 404), (344, 446), (392, 474)):
        d.band(f"M{x} {y}L{x + 48} {y - 16}", "light", 10)
    d.part(
        "M138 642L692 634C698 664 696 684 688 696L420 696L420 714L142 718C134 696 132 666 138 642Z", "deep", plain=True
    )
    d.seam("M140 664C320 668 520 664 694 656", stitched=True)


def _loafer(d: Drawing) -> None:
    d.part(
        "M118 620C110 560 118 510 138 486C200 500 280 500 330 480C420 500 560 520 640 566"
        "C676 588 690 620 690 648L118 652Z"
    )
    d.part(
        "M138 486C200 500 280 500 330 480C350 486 366 490 382 494C330 540 200 546 132 500Z",
        "deep",
        plain=True,
        flat=True,
    )
    d.part("M382 494C460 510 560 528 630 562C570 584 450 580 366 540Z", "light")
    d.part("M356 496C400 504 440 512 470 520L436 604C400 600 360 590 330 576Z", "dark")
    d.part("M384 534L440 546L432 566L376 554Z", "deep", plain=True, flat=True)
    d.part(
        "M110 646L694 642C700 664 698 676 690 684L300 690L290 716L118 720C108 700 106 670 110 646Z", "deep", plain=True
    )


def _sandal(d: Drawing) -> None:
    d.part(
        (
            "M120 650C180 622 300 616 420 630C540 640 640 640 690 652C704 668 700 684 684 690L140 704"
            "C116 694 108 668 120 650Z"
        ),
        "trim",
        plain=True,
    )
    d.part("M120 650C180 622 300 616 420 630C540 640 640 640 690 652C640 664 300 670 120 664Z", "light", plain=True)
    d.band("M150 640C140 560 180 500 250 490C310 500 330 560 330 626", "base", 38)
    d.band("M470 634C500 560 560 540 610 570C640 590 650 620 650 644", "base", 48)
    d.band("M330 560C390 540 440 560 480 600", "base", 32)
    d.part("M236 472L272 472L272 508L236 508Z", "metal", plain=True)


def _ballerina(d: Drawing) -> None:
    d.part(
        "M120 636C112 590 118 560 140 548C190 620 330 632 420 570C500 540 610 560 664 604"
        "C690 626 692 646 688 656L124 660Z"
    )
    d.band("M140 548C190 620 330 632 420 570", "dark", 12)
    d.part("M404 574C386 548 410 540 430 560C452 536 474 550 456 576C440 584 420 584 404 574Z", "trim", plain=True)
    d.part("M114 652L692 648C696 664 692 674 686 680L124 688C114 680 110 666 114 652Z", "deep", plain=True)


CUTS = {
    "sneaker": lambda d: _pair(d, _sneaker),
    "chelsea boot": lambda d: _pair(d, _boot),
    "lace boot": lambda d: _pair(d, _lace_boot),
    "loafer": lambda d: _pair(d, _loafer),
    "sandal": lambda d: _pair(d, _sandal),
    "ballerina": lambda d: _pair(d, _ballerina),
}
