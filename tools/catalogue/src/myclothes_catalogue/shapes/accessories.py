"""Scarves, hats, bags and the small things."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from myclothes_catalogue.drawing import Drawing


def beanie(d: Drawing) -> None:
    d.body("M400 280 C270 280 206 380 204 560 L204 640 C270 660 330 664 400 664")
    d.seam("M240 420Q224 500 224 640M290 340Q279 460 279 640M345 298Q340 440 340 640", width=4, pair=True)
    d.seam("M400 284V640", width=4)
    d.part("M190 590C330 622 470 622 610 590L616 716C470 748 330 748 184 716Z", "light")
    d.ribs(range(212, 600, 24), 612, 728, width=3)


def bobble_hat(d: Drawing) -> None:
    d.part("M400 160C452 160 488 196 488 240S452 320 400 320S312 284 312 240S348 160 400 160Z", "trim", plain=True)
    beanie(d)


def cap(d: Drawing) -> None:
    d.part("M170 560C170 400 270 310 400 310S620 400 630 560Z")
    d.seam("M400 312L400 560M400 312C320 360 290 460 288 560M400 312C480 360 512 460 512 560")
    d.buttons(400, [308], radius=14, tone="dark")
    d.part(
        "M160 552C280 520 520 520 640 552C720 590 740 640 720 676C600 620 300 610 200 640C160 620 150 580 160 552Z",
        "dark",
    )
    d.seam("M190 612C320 584 560 590 704 642", stitched=True)


def scarf(d: Drawing) -> None:
    d.part("M250 330L390 350C400 520 392 700 384 850L236 838C246 660 250 500 250 330Z", "dark")
    d.part("M420 340L556 330C566 470 578 600 580 740L446 750C440 600 430 470 420 340Z")
    d.part(
        "M220 230C290 180 510 180 580 230C606 290 596 350 556 384C470 430 330 430 244 384C204 350 194 290 220 230Z",
        "light",
    )
    d.part("M282 244C340 214 460 214 518 244C500 286 300 286 282 244Z", "deep", plain=True, flat=True)
    d.band("".join(f"M{x} 838L{x - 2} 888" for x in range(242, 384, 16)), "dark", 5)
    d.band("".join(f"M{x} 744L{x + 2} 794" for x in range(452, 582, 16)), "base", 5)
    d.fold(
        "M300 420C306 560 300 700 292 820M480 420C490 540 498 640 502 730M250 330C330 372 470 372 550 330", pair=False
    )


def tote(d: Drawing) -> None:
    d.band("M292 420C286 200 340 130 400 130S514 200 508 420", "dark", 26)
    d.body("M400 372 L212 372 L186 840 C260 856 330 858 400 858")
    d.across("M211 400 C270 402 340 402 400 402", stitched=True)
    d.part("M278 372L306 372L306 456L278 456Z", "dark", plain=True, pair=True)
    d.fold("M260 560C280 660 280 760 270 840M540 520C524 640 530 740 540 840", pair=False)


def backpack(d: Drawing) -> None:
    d.band("M350 240C350 170 450 170 450 240", "dark", 20)
    d.body("M400 210 C290 210 240 280 236 400 L228 800 C230 840 250 850 290 852 L400 854")
    d.part("M282 560C280 540 290 530 310 530L490 530C510 530 520 540 518 560L524 800L276 800Z", "light")
    d.seam("M282 592L518 592", stitched=True)
    d.body("M400 210 C300 210 252 264 244 350 C300 420 350 430 400 430", "dark")
    d.part("M380 400L420 400L420 480L380 480Z", "trim", plain=True)
    d.part("M374 452L426 452L426 476L374 476Z", "metal", plain=True)


def belt(d: Drawing) -> None:
    d.band("M400 300C560 300 640 400 640 500S560 700 400 700S160 600 160 500S230 310 380 300", "base", 58)
    d.band("M380 300C300 306 230 340 196 400", "light", 58)
    d.part("M366 254L500 254L500 346L366 346Z", "metal", plain=True)
    d.part("M388 276L478 276L478 324L388 324Z", "base", plain=True, flat=True)
    d.band("M388 300L486 300", "metal", 9)
    d.buttons(560, [352], radius=6, tone="deep")
    d.buttons(594, [386], radius=6, tone="deep")
    d.buttons(618, [426], radius=6, tone="deep")


def _sock(d: Drawing) -> None:
    d.part(
        "M300 200L440 200L446 520C450 580 470 610 520 650L590 710C630 750 610 820 540 816"
        "C470 810 400 770 340 700C300 650 296 580 298 500Z"
    )
    d.part("M300 200L440 200L442 268L299 268Z", "trim", plain=True)
    d.part("M298 560C330 566 380 600 392 650C380 690 360 700 342 702C306 660 296 610 298 560Z", "trim", plain=True)
    d.part("M590 710C630 750 610 820 540 816C510 812 484 804 460 792C480 740 530 700 574 696Z", "trim", plain=True)
    d.ribs(range(316, 436, 16), 206, 262)


def socks(d: Drawing) -> None:
    d.repeat(lambda: _sock(d), [(-110, -40, 0.95), (80, 60, 0.95)])


def gloves(d: Drawing) -> None:
    glove = (
        "M214 620L206 470C204 430 236 430 240 466L246 400C244 300 282 300 284 340L290 400C290 280 330 280 332 330"
        "L334 400C338 310 374 310 374 356L370 440C376 500 370 560 362 620Z"
    )
    d.part(glove, pair=True)
    d.part("M206 612L370 612L366 760L212 760Z", "dark", pair=True)
    d.ribs(range(226, 362, 18), 622, 752, pair=True)
    d.seam("M286 400L288 470M333 400L332 470M248 440L252 490", pair=True)


CUTS = {
    "beanie": beanie,
    "bobble hat": bobble_hat,
    "cap": cap,
    "scarf": scarf,
    "tote": tote,
    "backpack": backpack,
    "belt": belt,
    "socks": socks,
    "gloves": gloves,
}
