"""Ce que disent les explications, en français."""

TEXTS: dict[str, str] = {
    # Titres et colonnes
    "why": "Pourquoi {left} et {right}",
    "how": "Comment {customer} s'est constitué",
    "field": "champ",
    "level": "comparaison",
    "bits": "bits",
    "prior": "avant toute comparaison",
    "household_weight": "autant se partage dans un foyer",
    "total": "total",
    "strongest_pair": "La paire la plus forte entre les deux : {left} et {right}",
    "path": "La chaîne la plus forte entre {left} et {right}",
    "pooled": "Entre tous les enregistrements des deux clients : {count} paires, chaque champ par sa moyenne",
    "pooled_within": "Entre les deux côtés du client : {count} paires, chaque champ par sa moyenne",
    "mean": "moyenne de {count}",
    "asked_resolved": "{asked} est aujourd'hui {customer}.",
    "model": "Pesé par le modèle {version}.",
    "page_note": "Bits : chaque bit double la vraisemblance d'une seule personne face à deux ; 0, c'est une chance "
    "sur deux.",
    # Verdicts
    "decision": "Une seule personne, par décision : {author} a décidé le {decided_on} que {left} et {right} n'en font "
    "qu'une ({why}).",
    "identical_content": "Une seule personne : {left} et {right} disent la même chose dans chaque champ qui compte ; "
    "ils forment un seul profil.",
    "receipt_email": "Une seule personne : {left} et {right} ont le même e-mail, et un ticket qui ne porte qu'un "
    "e-mail revient au seul client qui l'utilise.",
    "link": "Une seule personne : entre {left} et {right}, les indices pèsent {weight} bits, soit une probabilité de "
    "{probability}.",
    "chain": "Une seule personne, sans lien direct : une chaîne de {count} liens réunit {left} et {right}, le plus "
    "faible de {weight} bits.",
    "certain_chain": "Une seule personne, sans lien direct : {count} liens par règle ou décision réunissent {left} et "
    "{right}.",
    "pooled_evidence": "Une seule personne, sans chaîne de liens : sur toutes les paires des deux parties, les indices "
    "pèsent {weight} bits.",
    "kept_apart_by_decision": "Deux clients, par décision : {author} a décidé le {decided_on} que {left} et {right} "
    "sont deux personnes ({why}).",
    "receipt_of_other_email": "Deux clients : un ticket ne va qu'à son e-mail, et l'autre enregistrement en a un "
    "autre, ou aucun.",
    "receipt_email_of_several": "Deux clients : le ticket ne porte qu'un e-mail, que {count} clients utilisent "
    "({customers}) ; on ne peut dire à qui il est.",
    "placed_by_decision": "Deux clients : l'e-mail y placerait le ticket, mais {author} a décidé le {decided_on} que "
    "{left} et {right} n'en font qu'un ({why}).",
    "says_nothing": "Deux clients : l'un des enregistrements ne dit rien qui distingue une personne ; il reste seul.",
    "divided_by_pooled_evidence": "Deux clients : une chaîne de liens les relie, mais sur les {count} paires de leurs "
    "profils les indices pèsent {weight} bits ; il en faut plus de {needed}, il en manque {short}.",
    "component_too_large": "Deux clients : une chaîne de liens les relie, mais plus de {largest} profils y tiennent, "
    "si bien que seuls des liens plus forts y comptent.",
    "never_compared": "Deux clients : les indices suffiraient, {weight} bits, mais les deux n'ont jamais été comparés.",
    "too_little_evidence": "Deux clients : les indices pèsent {weight} bits, un lien en demande {needed} ; il en "
    "manque {short}.",
    # Remarques
    "until": "Cette décision expire le {expires_on}.",
    "speaking_against": "Contre une seule personne : {fields}.",
    "cannot_be_compared": "Sans comparaison possible, l'un des deux n'a pas de valeur : {fields}.",
    "withdrawn": "Ne compte pas : {field} de {records} ; trop de noms partagent cette valeur.",
    "found_by": "Ils ont été comparés car ils partagent la clé de blocage « {key} ».",
    "one_profile": "Rien n'a été pesé : des enregistrements identiques forment un seul profil. Les chiffres sont ceux "
    "qu'aurait donnés la pesée.",
    "by_rule": "Rien n'a été pesé : un ticket, ou un enregistrement qui ne dit rien, n'est pas comparé. Les chiffres "
    "sont ceux qu'aurait donnés la pesée.",
    "no_common_key": "Ils ne partagent aucune clé de blocage et n'ont jamais été comparés. Les chiffres sont ceux "
    "qu'aurait donnés la pesée.",
    "common_key_too_wide": "Ils n'ont jamais été comparés : trop d'enregistrements partagent ce qu'ils partagent "
    "({keys}). Les chiffres sont ceux qu'aurait donnés la pesée.",
    "weight_not_kept": "Les paires si loin d'un lien ne sont pas conservées. Les deux partagent : {keys}.",
    # Réunions
    "single_record": "{customer} n'est qu'un enregistrement, {record} : rien n'a dû être réuni.",
    "joined": "{customer} : {count} enregistrements, réunis en {joins} étapes.",
    "join_identical_content": "{right} dit la même chose que {left}",
    "join_decision": "{author} a décidé le {decided_on} que {left} et {right} ne font qu'un ({why})",
    "join_link": "{left} et {right} : un lien de {weight} bits",
    "join_pooled_evidence": "aucun lien, mais {weight} bits sur toutes les paires ; la plus forte : {left} et {right}",
    "join_receipt_email": "le ticket {right} porte l'e-mail de {left}",
    "over_all_pairs": "sur toutes les paires des deux côtés : {weight} bits",
    "sides": "{left} avec {right}",
    "and_more": "{first} et {count} autres",
    "decisive": "L'étape {number} est décisive : sans elle, {left} et {right} sont deux clients.",
    "decisive_only_link": "Elle tient à un seul lien, {left} – {right}.",
    "decisive_links": "Elle tient à {count} liens : {links}.",
    "decisive_decisions": "Des personnes l'ont décidée {count} fois.",
    "decisive_rule": "Un cannot-link entre {left} et {right} les séparerait.",
}

FIELDS: dict[str, str] = {
    "first_name": "prénom", "last_name": "nom", "birth_date": "date de naissance", "email": "e-mail",
    "mobile": "mobile", "landline": "téléphone fixe", "street": "rue", "locality": "localité",
    "loyalty_card": "carte de fidélité", "gender": "civilité",
}  # fmt: skip

LEVELS: dict[str, str] = {
    "missing": "inconnu pour l'un d'eux",
    "same": "identique",
    "different": "différent",
    "alike": "ressemblant",
    "typing error": "faute de frappe",
    "swapped with surname": "échangé avec le nom",
    "surname in its place": "le nom à sa place",
    "short form or one of several": "forme courte ou l'un de plusieurs",
    "initial": "initiale",
    "swapped with first name": "échangé avec le prénom",
    "one part of a double name": "une partie d'un nom double",
    "day and month swapped": "jour et mois inversés",
    "one digit or two swapped": "un chiffre faux ou deux inversés",
    "year only": "année seule",
    "two of day, month, year": "deux sur trois : jour, mois, année",
    "same year": "même année",
    "a generation apart": "à une génération d'écart",
    "same user, other provider": "même utilisateur, autre fournisseur",
    "typing error or shortened": "faute de frappe ou abrégé",
    "same postcode": "même code postal",
    "same city": "même ville",
    "same area": "même département",
}

KEYS: dict[str, str] = {
    "e-mail": "e-mail",
    "mobile": "mobile",
    "landline": "téléphone fixe",
    "landline and initial": "téléphone fixe et initiale",
    "loyalty card": "carte de fidélité",
    "full name in any order": "nom complet, dans tout ordre",
    "start of both names": "début du prénom et du nom",
    "birth date": "date de naissance",
    "birth date and first name": "date de naissance et prénom",
    "birth date and surname": "date de naissance et nom",
    "birth date and place": "date de naissance et localité",
    "postcode and surname": "code postal et nom",
    "postcode, surname and initial": "code postal, nom et initiale",
    "postcode and first name": "code postal et prénom",
    "postcode, first name and initial": "code postal, prénom et initiale",
    "street and postcode": "rue et code postal",
    "street, postcode and initial": "rue, code postal et initiale",
    "e-mail user": "nom d'utilisateur de l'e-mail",
    "surname, birth year and city": "nom, année de naissance et ville",
    "first name, birth year and city": "prénom, année de naissance et ville",
}
