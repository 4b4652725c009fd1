"""Polynomials of named parameters: what the angles of a circuit from elsewhere are read as."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Monomial = tuple[str, ...]
"""The names of a product's factors, sorted; none of them for the constant."""

MOST_TERMS = 256
HIGHEST_DEGREE = 8

FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    name: getattr(math, name)
    for name in ("sin", "cos", "tan", "exp", "sqrt", "asin", "acos", "atan", "floor", "ceil")
} | {"ln": math.log, "log": math.log, "arcsin": math.asin, "arccos": math.acos, "arctan": math.atan}
"""Functions that constants may be put into."""


@dataclass(frozen=True, eq=False)
class Polynomial:
    """A polynomial, by the coefficients of its products of parameters.

    Attributes:
        terms: The coefficients by product; those that are zero are left out.

    Example:
        >>> (symbol("x") * 2 + constant(1)).terms
        {('x',): 2.0, (): 1.0}
    """

    terms: Mapping[Monomial, float]

    @property
    def offset(self) -> float:
        """The constant term."""
        return self.terms.get((), 0.0)

    @property
    def products(self) -> dict[Monomial, float]:
        """The terms without the constant one."""
        return {names: factor for names, factor in self.terms.items() if names}

    def value(self) -> float:
        """Returns the constant that the polynomial is; refuses one of parameters."""
        if self.products:
            raise ValueError(f"a number is needed, not {self}")
        return self.offset

    def __add__(self, other: "Polynomial") -> "Polynomial":
        terms = dict(self.terms)
        for names, factor in other.terms.items():
            terms[names] = terms.get(names, 0.0) + factor
        return of_terms(terms)

    def __mul__(self, other: "Polynomial | float") -> "Polynomial":
        right = other if isinstance(other, Polynomial) else constant(other)
        if len(self.terms) * len(right.terms) > MOST_TERMS**2:
            raise ValueError(f"products of more than {MOST_TERMS} terms are not read")
        terms: dict[Monomial, float] = {}
        for first, one in self.terms.items():
            for second, two in right.terms.items():
                names = tuple(sorted(first + second))
                terms[names] = terms.get(names, 0.0) + one * two
        return of_terms(terms)

    def __neg__(self) -> "Polynomial":
        return self * -1.0

    def __sub__(self, other: "Polynomial") -> "Polynomial":
        return self + -other

    def __truediv__(self, other: "Polynomial") -> "Polynomial":
        if other.products:
            raise ValueError(f"division by {other} is not linear")
        if other.offset == 0:
            raise ValueError("division by zero")
        return of_terms({names: factor / other.offset for names, factor in self.terms.items()})

    def __pow__(self, exponent: float) -> "Polynomial":
        if not self.products:
            try:
                power = self.offset**exponent
            except (OverflowError, ZeroDivisionError) as error:
                raise ValueError(f"{self} to the power {exponent:g} is not finite") from error
            if isinstance(power, complex):
                raise ValueError(f"{self} to the power {exponent:g} is not real")
            return constant(power)
        if exponent != int(exponent) or not 0 <= exponent <= HIGHEST_DEGREE:
            raise ValueError(
                f"({self}) to the power {exponent:g} is not a polynomial of degree {HIGHEST_DEGREE} at most"
            )
        result = constant(1)
        for _ in range(int(exponent)):
            result = result * self
        return result

    def __str__(self) -> str:
        parts = [
            " * ".join([f"{factor:g}"] * (factor != 1 or not names) + list(names))
            for names, factor in self.terms.items()
        ]
        return " + ".join(parts) or "0"


def of_terms(terms: Mapping[Monomial, float]) -> Polynomial:
    """Returns the polynomial of the terms that are not zero; refuses numbers that are not finite, and too many."""
    kept = {names: float(factor) for names, factor in terms.items() if factor != 0}
    if not all(math.isfinite(factor) for factor in kept.values()):
        raise ValueError("a number is not finite")
    if len(kept) > MOST_TERMS:
        raise ValueError(f"sums of more than {MOST_TERMS} terms are not read")
    if max(map(len, kept), default=0) > HIGHEST_DEGREE:
        raise ValueError(f"products of more than {HIGHEST_DEGREE} parameters are not read")
    return Polynomial(kept)


def constant(value: float) -> Polynomial:
    """Returns the polynomial without parameters."""
    return of_terms({(): value})


def symbol(name: str) -> Polynomial:
    """Returns the polynomial that is the parameter itself."""
    return Polynomial({(name,): 1.0})


def applied(function: str, argument: Polynomial) -> Polynomial:
    """Returns the value of one of `FUNCTIONS` of a constant; refuses it of a parameter."""
    if argument.products:
        raise ValueError(f"{function}({argument}) is not linear")
    try:
        return constant(FUNCTIONS[function](argument.offset))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{function}({argument}) is not defined") from error
