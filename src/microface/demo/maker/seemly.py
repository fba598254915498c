"""Which drawn people look right, by eye: what no measure here sees (a ghostly mouth, patchy hair, a crooked look)."""

from itertools import zip_longest

SEED, DRAWN = 1, 568
"""Somebody looked at the first `DRAWN` people of this seed."""
_MEN = """
    92 97 141 151 179 52 34 83 379 423 430 448 476 482 522 540 563 390 435 452 483 567 530 194 213 255 314 375 227
    185 41 101 72 127 1 14 111 299
"""
_WOMEN = """
    49 204 219 277 237 239 332 365 4 21 3 370 352 363 109 145 406 417 420 437 497 523 554 556 560 535 548 558 478
    480 481 453 454 505 401 388 376 377 148 120 84 82 71 59 112 27 354 283 262 264 229 193 211 221 247 30 13 24 53
    86 100 146 147 165 164 174 153 163 103 93 79 56 60 68 70 16 11 10 6 25 26 28 38 64 61 57 94 90 115 117 122 123
    184 190 191 195 197 203 208 209 214 218 220 228 236 241 252 266 275 276 281 284 288 293 296 297 303 310 311
    317 320 322 323 327 329 331 335 336 338 346 347 350 351 355 361 368 373 389 397 398 402 405 407 409 415 422
    426 433 440 441 443 444 446 450 451 456 457 458 459 460 462 463 465 469 470 471 475 479 485 486 490 498 501
    504 507 508 509 513 515 516 518 519 525 526 527 529 532 539 541 543 544 545 551 561 564 566
"""


def seemly(seed: int) -> list[int]:
    """Return the numbers of people who look right, the best first, by turns women and men (as one takes them for).

    Of a seed at which nobody looked, all.
    """
    if seed != SEED:
        return list(range(DRAWN))
    turns = zip_longest(_WOMEN.split(), _MEN.split())
    return [int(number) for pair in turns for number in pair if number is not None]
