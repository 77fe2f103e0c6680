"""What each word of a mapping file means, in a line: editors show it beside the word.

By section of a file and by kind of rule; a kind's own name says what its path is. Words that every rule may have stand
under the empty name. A word that is not here is still in the schema, only without a line.
"""

from collections.abc import Mapping

_EACH = "The rules of each item, by the field of the item."
_PATH = "The element, such as `plan.title`; in an object `.title`."
_REMOVED = "What an item that was removed is told to be, by element (`~` for nothing); no resource is ever deleted."
_EMPTY = "The value of the model that means nothing, such as `''` or 0; it is written as nothing and read for nothing."
_OWN_TABLE = "The code table, of this file or of the vocabulary."
_SYSTEMS = "Short names of code systems, for `name#code` and `[system=$name]`."
_EXTENSIONS = "Short names of extensions, for `extension[name]`."
_PROFILES = "The profiles that the resource of a role is claimed to conform to, each `canonical|version`."
_TABLES = "Code tables, by name."
_CLAIMS = "What a resource needs to claim a profile in `meta.profile`, by `canonical|version`: `status!=draft`."

MEANINGS: Mapping[str, Mapping[str, str]] = {
    "": {
        "R4": "What is otherwise in R4 and R4B: other words, the path alone, or `none` for no such rule.",
        "R5": "What is otherwise in R5: other words, the path alone, or `none` for no such rule.",
        "merge": "Whose word counts where both sides changed it; `union` is for lists, `forward` for statuses.",
        "order": "The steps of a status's life, for `merge: forward`; a list in it holds those at the same step.",
    },
    "mapping": {
        "mapping": "The name of this mapping and its version: `care-plan@1`.",
        "record": "The kind of record that is mapped.",
        "model": "A class of your own, `package.module:Class`, whose records are mapped; its module is imported.",
        "schema": "A JSON Schema, beside this file, to which the dicts keep that are mapped.",
        "resources": "The resources that a record is, by the role they have in it.",
        "rules": "A rule a field: where it is, and through which kind of value.",
        "anchors": "The roles of which one must be there for a record to be read; the first resource if left out.",
        "when": "Fields of the model, and their values, that choose this mapping.",
        "lacks": "Fields of the model that are not carried, each with the reason.",
        "refuses": "What a resource must not say to be read by this mapping, by element.",
        "types": "Objects that several rules share, by name.",
        "tables": _TABLES,
        "systems": _SYSTEMS,
        "extensions": _EXTENSIONS,
        "profiles": _PROFILES,
        "claims": _CLAIMS,
    },
    "overlay": {
        "overlay": "The name of this overlay and its version.",
        "over": "The mappings that it is laid over.",
        "add": "Rules that the mapping has not, by name; inside a list `goals.priority`.",
        "change": "Other words for rules that are there; a rule of another kind takes the rule's place.",
        "drop": "The rules to take out.",
        "rows": "Rows for tables that are there; they stand before the others and are written first.",
        "reads": "Rows for tables that are there, which are read and never written, below the reason for it.",
        "tables": "Code tables of its own, by name.",
        "resources": "Other words for resources that are there, or more resources, by role.",
        "lacks": "Fields of the model that are now not carried, each with the reason.",
        "fhir": "The versions of FHIR that it is for; all of them if left out.",
        "systems": _SYSTEMS,
        "extensions": _EXTENSIONS,
        "profiles": _PROFILES,
        "claims": _CLAIMS,
    },
    "vocabulary": {
        "vocabulary": "The name of this vocabulary and its version.",
        "types": "Objects that the rules of all mappings share, by name.",
        "items": "The rules of items that several records have, by name; a list takes them with `use:`.",
        "tables": _TABLES,
        "systems": _SYSTEMS,
        "extensions": _EXTENSIONS,
        "profiles": _PROFILES,
        "claims": _CLAIMS,
    },
    "resource": {
        "type": "The type of resource.",
        "via": "The reference, or references, of another role that leads to it.",
        "make": "`always`: made with every new record, whatever it says.",
        "linked": "Belongs to the server: read and never written.",
    },
    "type": {"of": "The FHIR type that it is.", "rules": "Its fields; paths begin at the object: `.start`."},
    "table": {
        "rows": "A row a value: ours, then a code a place (one word says both, `-` no code); or a CSV file.",
        "reads": "Rows that are read and never written, below the reason for it.",
        "lacks": "Values of the model that are never said here, each with the reason.",
        "refuses": "Codes that FHIR has and no row reads, each with the reason.",
        "lossy": "Why a cell `~code`, which is written, does not name its row when it stands alone.",
        "unknown": "`leave`: a code that no row has is left where it is, with a remark; else the resource is refused.",
    },
    "answer": {
        "answer": "A yes or no that the model has as a word or number, and FHIR as boolean.",
        "yes": "The model's word for true.",
        "no": "The model's word for false.",
        "empty": _EMPTY,
    },
    "choice": {"choice": "One field in one of several places, by what it is: `value[x]`, or text or link."},
    "code": {
        "code": "An enum of the model, said by a code at one element, or by several together; the authoritative first.",
        "table": _OWN_TABLE,
        "also": "More elements with a column in the table each, which a row may leave out.",
        "resets": "Elements that say something about the old code, and go when it changes.",
        "unless": "Elements with the code beside which this one says nothing and is left.",
        "empty": _EMPTY,
    },
    "columns": {
        "columns": "A list in FHIR, and fields of the model that are numbered copies of each other.",
        "fields": "Those fields, in order.",
        "items": "The rule of each of them.",
    },
    "constant": {
        "constant": "An element that says the same in every resource that we make.",
        "value": "What it says; a code as `system#code`.",
        "accepts": "What else it may say in a resource that is read.",
        "recognises": "A resource is taken for this role by it.",
    },
    "contained": {
        "contained": "The list of references to resources inside this one.",
        "resource": "Their type.",
        "label": "What their ids begin with.",
        "each": _EACH,
    },
    "date": {
        "date": "A date that the model has in another format, or in parts.",
        "format": "How it is written, of YYYY, MM and DD: `DD.MM.YYYY`.",
        "parts": "The fields of year, month and day; the last ones may be left out.",
        "padded": "The parts are text of four and two digits, not numbers.",
        "empty": _EMPTY,
    },
    "digits": {"digits": "A whole number in the model, and text in FHIR.", "empty": _EMPTY},
    "element_id": {
        "element_id": "The list item whose element id is the item's id.",
        "prefix": "What the id begins with.",
    },
    "field": {
        "field": f"A bare value, carried as it is. {_PATH} Several elements say the same.",
        "absent": "The value that is written as nothing.",
        "empty": _EMPTY,
    },
    "flag": {"flag": "True is the presence of the list item that the selector picks, false its absence."},
    "group": {
        "group": "An object of the model that has no element of its own: its rules.",
        "always": "The object is there even when all of its fields are empty.",
    },
    "id": {
        "id": "The identifiers in which an item's id stands.",
        "kind": "The kind of item, part of its identifier.",
        "system": "The system of the identifier, for items of your own: a URI or `$name`.",
    },
    "key": {
        "key": "The identifiers in which the record's key stands.",
        "kind": "The kind of record, part of its identifier.",
        "system": "The system of the identifier, for a record of your own: a URI or `$name`.",
        "type": "The type of the identifier, as `system#code`.",
    },
    "link": {
        "link": "A reference to another record or to somebody else's resource.",
        "role": "The role of the resource in the other record that is meant.",
        "type": "The type of resource that it names.",
        "unless": "A role; where that resource is there, it says who is meant.",
    },
    "list": {
        "list": "A list: an item of the model is an element of it.",
        "items": "The rule of each item, where an item is one value.",
        "each": f"{_EACH} Or the name of a type.",
        "key": "The fields that tell one item from another.",
        "below": "The element inside each list element at which the item stands.",
        "besides": "A field before this one, whose items stand in the same list and are left out.",
        "resource": "The role and type of the resource that each item is: `{goal: Goal}`.",
        "at": "The element inside each list element at which the reference stands.",
        "use": "The items of the vocabulary, or the mapping, whose rules the items take over.",
        "removed": _REMOVED,
    },
    "linked": {
        "linked": "References to what belongs to the server: read in full where it is at hand, never written there.",
        "resource": "The role and type of the resource that each item is: `{coverage: Coverage}`.",
        "each": _EACH,
    },
    "needed": {
        "needed": "The elements of which one must say something; while none does, the first says that it is unknown.",
    },
    "number": {
        "number": "A number that the model has as text.",
        "mark": "What stands before decimals: `,` or `.`.",
        "group": "What stands between thousands, if anything.",
        "empty": _EMPTY,
    },
    "parent": {"parent": "`key`: a row of a child table names the record that it belongs to by the record's key."},
    "refer": {"refer": "A reference to another resource of the same record.", "to": "The role that it leads to."},
    "refers": {
        "refers": "A list of references to items of one of the record's lists.",
        "items": "The field that holds those items.",
        "below": "The element inside each list element at which the reference stands.",
        "one": "The field is the id of one item, as a foreign key is.",
    },
    "split": {
        "split": "A list in FHIR, and one text in the model.",
        "by": "What stands between the values in the text: `; `.",
        "items": "The rule of each of them.",
        "empty": _EMPTY,
    },
    "reverse": {
        "reverse": "Items that are resources which refer to ours: the element that refers.",
        "to": "The role that they refer to.",
        "resource": "The role and type of the resource that each item is: `{task: Task}`.",
        "each": _EACH,
        "use": "A mapping whose rules the items take over.",
        "removed": _REMOVED,
    },
    "same": {
        "same": "An element that is copied; the first of several that says something.",
        "at": "Where the copy stands.",
    },
    "tags": {
        "tags": "An enum of the model, said by concepts in a list that holds others too.",
        "table": f"{_OWN_TABLE} Its rows: a value, then lists of `system#code`; the first list is written.",
    },
    "day": {
        "day": "A date, of a moment that may have a time of day.",
        "exact": "Where the whole moment stands.",
    },
    "unread": {
        "unread": "A list that the model has no place for: it is left as it is, and told.",
        "why": "What is told.",
        "first": "The first item of the list is read, the others are not.",
    },
    "verdict": {
        "verdict": "Permit or deny, where FHIR says what holds beyond the terms.",
        "terms": "The object that holds the terms.",
        "exact": "Where it says the same of the terms, in so many words.",
    },
    "words": {
        "words": "What people typed, said by a code.",
        "table": _OWN_TABLE,
        "kept": "The element beside the code that keeps the very words.",
        "unknown": "What becomes of words that the table does not know: `refuse`, or a code.",
        "empty": _EMPTY,
    },
}
"""A line for each word."""
