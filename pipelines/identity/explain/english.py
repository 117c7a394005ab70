"""What explanations say, in English."""

TEXTS: dict[str, str] = {
    # Headings and columns
    "why": "Why {left} and {right}",
    "how": "How {customer} came together",
    "field": "field",
    "level": "compared",
    "bits": "bits",
    "prior": "before any comparison",
    "household_weight": "as much is shared in a household",
    "total": "total",
    "strongest_pair": "The strongest pair between the two: {left} and {right}",
    "path": "The strongest chain between {left} and {right}",
    "pooled": "Between all records of the two customers: {count} pairs, each field by its mean",
    "pooled_within": "Between the two sides of the customer: {count} pairs, each field by its mean",
    "mean": "mean over {count}",
    "asked_resolved": "{asked} is {customer} today.",
    "model": "ScoredPairs by model {version}.",
    "page_note": "Bits: each one more doubles how much likelier one person is than two; 0 is even odds.",
    # Verdicts
    "decision": "One person, by decision: {author} decided on {decided_on} that {left} and {right} are one ({why}).",
    "identical_content": "One person: {left} and {right} say the same in every field that counts, so they are one "
    "profile.",
    "receipt_email": "One person: {left} and {right} have one e-mail, and a receipt that carries only an e-mail "
    "belongs to the one customer who uses it.",
    "link": "One person: the evidence between {left} and {right} is {weight} bits, a probability of {probability}.",
    "chain": "One person, without a direct link: {count} ties in a chain hold {left} and {right} together, the weakest "
    "of them {weight} bits.",
    "certain_chain": "One person, without a direct link: {count} ties by rule or decision hold {left} and {right} "
    "together.",
    "pooled_evidence": "One person, without a chain of links: over all pairs of the two parts the evidence is "
    "{weight} bits.",
    "kept_apart_by_decision": "Two customers, by decision: {author} decided on {decided_on} that {left} and {right} "
    "are two people ({why}).",
    "receipt_of_other_email": "Two customers: a receipt goes by its e-mail alone, and the other record has another one "
    "or none.",
    "receipt_email_of_several": "Two customers: the receipt carries only an e-mail, and {count} customers use it "
    "({customers}); whose receipt it is cannot be told.",
    "placed_by_decision": "Two customers: the e-mail would place the receipt there, but {author} decided on "
    "{decided_on} that {left} and {right} are one ({why}).",
    "says_nothing": "Two customers: one of the records says nothing that tells people apart, so it stays alone.",
    "divided_by_pooled_evidence": "Two customers: a chain of links ties them, but over all {count} pairs of their "
    "profiles the evidence is {weight} bits; it takes more than {needed}, {short} are missing.",
    "component_too_large": "Two customers: a chain of links ties them, but more than {largest} profiles hang on it, "
    "so that only stronger links count there.",
    "never_compared": "Two customers: the evidence would do, {weight} bits, but the two were never compared.",
    "too_little_evidence": "Two customers: the evidence is {weight} bits where a link takes {needed}; {short} are "
    "missing.",
    # Notes
    "until": "This decision expires on {expires_on}.",
    "speaking_against": "Against one person: {fields}.",
    "cannot_be_compared": "Cannot be compared, one of the two has no value: {fields}.",
    "withdrawn": "Not counted: the {field} of {records}; too many names share it.",
    "found_by": "They were compared because they share the blocking key “{key}”.",
    "one_profile": "Nothing was weighed: identical records are one profile. The figures are what it would have been.",
    "by_rule": "Nothing was weighed: a receipt, or a record that says nothing, is not compared. The figures are what "
    "it would have been.",
    "no_common_key": "They share no blocking key, so they were never compared. The figures are what it would have "
    "been.",
    "common_key_too_wide": "They were never compared: so many records share what they share ({keys}) that it is not "
    "looked at. The figures are what it would have been.",
    "weight_not_kept": "Pairs this far from a link are not stored. The two share: {keys}.",
    # Joins
    "single_record": "{customer} is one record, {record}: nothing had to join.",
    "joined": "{customer}: {count} records, in {joins} joins.",
    "join_identical_content": "{right} says the same as {left}",
    "join_decision": "{author} decided on {decided_on} that {left} and {right} are one ({why})",
    "join_link": "{left} and {right}: a link of {weight} bits",
    "join_pooled_evidence": "no link, but {weight} bits over all pairs; the strongest is {left} and {right}",
    "join_receipt_email": "receipt {right} carries the e-mail of {left}",
    "over_all_pairs": "over all pairs of the two sides: {weight} bits",
    "sides": "{left} with {right}",
    "and_more": "{first} and {count} more",
    "decisive": "Decisive is join {number}: without it, {left} and {right} are two customers.",
    "decisive_only_link": "It hangs on one link, {left} – {right}.",
    "decisive_links": "It hangs on {count} links: {links}.",
    "decisive_decisions": "People decided it {count} times.",
    "decisive_rule": "A cannot-link between {left} and {right} would part them.",
}

FIELDS: dict[str, str] = {
    "first_name": "first name", "last_name": "surname", "birth_date": "birth date", "email": "e-mail",
    "mobile": "mobile", "landline": "landline", "street": "street", "locality": "place",
    "loyalty_card": "loyalty card", "gender": "gender",
}  # fmt: skip

LEVELS: dict[str, str] = {"missing": "not known of both"}

KEYS: dict[str, str] = {}
