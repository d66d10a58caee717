"""What each judgement says to a person: title, cause, remedy, status."""

from __future__ import annotations

from deskside.foundation.findings import Finding, Status
from deskside.foundation.text import _, mark
from deskside.workstation.esignal.model import Host, Library, Recipe
from deskside.workstation.esignal.rules import Code, Judgement

_INSTALL_TWS = mark(
    "Install TWS for Windows 32-bit over it (Download for Other Operating Systems), and make sure "
    "that the button reads “Windows: 32 bit”. Whether the vendor still offers it must be checked: "
    "if not, the two programs cannot be joined any more."
)
_REINSTALL = mark("Install the 32-bit eSignal again, then check again.")
_REPAIR = mark("Let the repair put eSignal's own copy in its place; the present one is kept.")
_FINE = ""

_WORDS: dict[Code, tuple[Status, str, str, str]] = {
    Code.TWS_NOT_32_BIT: (
        Status.FAILURE,
        mark("Issue A: TWS is not 32-bit"),
        mark("The Java that TWS starts is not 32-bit, and loads no 32-bit library."),
        _INSTALL_TWS,
    ),
    Code.TWS_JAVA_MISSING: (
        Status.FAILURE,
        mark("The Java that TWS should start cannot be started"),
        mark("The launcher names a Java that is not there or is damaged."),
        mark("Install TWS again."),
    ),
    Code.TWS_JAVA_UNKNOWN: (
        Status.UNKNOWN,
        mark("It is not known which Java TWS starts"),
        mark("No installation of TWS was found that names its Java."),
        mark("If TWS is installed elsewhere, make sure yourself that it is 32-bit."),
    ),
    Code.PARTNER_NOT_32_BIT: (
        Status.FAILURE,
        mark("Issue A: {partner} is not 32-bit"),
        mark("Its files are for another word size than TWS's."),
        mark("Ask the support of {partner} for its 32-bit version, and install that."),
    ),
    Code.PARTNER_MISSING: (
        Status.WARNING,
        mark("{partner} was not found on this disk"),
        mark("None of its programs is in the usual folders."),
        mark("Install the 32-bit {partner}; if it is elsewhere, follow the article by hand."),
    ),
    Code.LIBRARY_MISSING: (
        Status.FAILURE,
        mark("Issue B: {library} is missing"),
        mark("TWS looks for it in its own folder and finds nothing."),
        _REPAIR,
    ),
    Code.LIBRARY_DAMAGED: (
        Status.FAILURE,
        mark("Issue B: {library} is damaged"),
        mark("Windows would refuse the file: it is no whole library."),
        _REPAIR,
    ),
    Code.LIBRARY_WRONG_WORD_SIZE: (
        Status.FAILURE,
        mark("Issue B: {library} is not for a 32-bit program"),
        mark("The file is whole, and made for another machine type."),
        _REPAIR,
    ),
    Code.LIBRARY_FOREIGN: (
        Status.FAILURE,
        mark("Issue B: {library} belongs to another program"),
        mark("Another vendor's library has the same name; its functions are not those of eSignal."),
        _REPAIR,
    ),
    Code.LIBRARY_INCOMPATIBLE: (
        Status.FAILURE,
        mark("Issue B: {library} does not suit eSignal 12"),
        mark("It is another file than the {donor} that eSignal brings along."),
        _REPAIR,
    ),
    Code.LIBRARY_OK: (Status.OK, mark("{library} suits both programs"), _FINE, _FINE),
    Code.DONOR_MISSING: (
        Status.WARNING,
        mark("There is no {donor} to repair with"),
        mark("eSignal is not installed here, or is older than version 12."),
        _REINSTALL,
    ),
    Code.DONOR_UNUSABLE: (
        Status.FAILURE,
        mark("The {donor} of eSignal cannot be used"),
        mark("It is damaged, not 32-bit, or another vendor's."),
        _REINSTALL,
    ),
    Code.RUNTIME_MISSING: (
        Status.WARNING,
        mark("A Visual C++ runtime is missing"),
        mark("The library asks for it in its manifest, and Windows has none of that version."),
        mark("Install the 32-bit (x86) Microsoft Visual C++ 2005 runtime."),
    ),
    Code.TWS_32_BIT: (Status.OK, mark("TWS is 32-bit"), _FINE, _FINE),
    Code.PARTNER_32_BIT: (Status.OK, mark("{partner} is 32-bit"), _FINE, _FINE),
    Code.LIBRARY_MET: (Status.OK, mark("Another copy was met"), _FINE, _FINE),
}


def finding(recipe: Recipe, judged: Judgement) -> Finding:
    """A judgement as a finding."""
    status, title, cause, remedy = _WORDS[judged.code]
    about = judged.about
    if judged.code is Code.LIBRARY_MET and isinstance(about, Library) and about.foreign:
        status, title = Status.NOTICE, mark("Another vendor's library has the same name")
    names = {"library": recipe.library, "donor": recipe.donor or "", "partner": recipe.partner}
    if remedy is _REPAIR and not judged.mends:
        remedy = _REINSTALL if recipe.donor else mark("Install TWS again.")
    return Finding(
        code=judged.code.value,
        status=status,
        subject=(about.path if about else "") or recipe.library,
        title=_(title).format(**names),
        evidence=_evidence(about),
        cause=_(cause).format(**names) if cause else "",
        remedy=_(remedy).format(**names) if remedy else "",
        article=f"{recipe.article}#{judged.code.value}",
        fixes=(recipe.id,) if judged.mends else (),
    )


def _evidence(about: Library | Host | None) -> dict[str, object]:
    if about is None:
        return {}
    if isinstance(about, Library):
        return about.as_evidence()
    seen = {"machine": about.machine, "refused": about.refused, "named_by": about.named_by}
    return {name: value for name, value in seen.items() if value}
