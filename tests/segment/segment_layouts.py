"""Odd layouts: a name, a text, and the segments it must give; all else in the text must come back as it was."""

from __future__ import annotations

LAYOUTS: dict[str, tuple[str, list[str]]] = {
    # Nothing to translate
    "empty": ("", []),
    "only spaces": ("  \t ", []),
    "only line breaks": ("\n\r\n\n\r", []),
    "only invisible characters": ("\ufeff\u200b\u00a0\u2060", []),
    "only numbers": ("1.234,56\n12/05/2024 10:30\n", []),
    "only punctuation": ("...\n?!\n— * —\n", []),
    "only emoji": ("🎉 👩‍👩‍👧‍👦 🇧🇷 ❤️ 👍🏽", []),
    "only an address": ("https://www.exemplo.com.br/noticias?id=1\n", []),
    "only a mail address": ("  redacao@exemplo.com.br  ", []),
    "only handles": ("@governo #eleições", []),
    "one control character": ("\x00", []),
    # Line ends
    "no line end": ("Bom dia", ["Bom dia"]),
    "LF": ("Bom dia.\nBoa noite.\n", ["Bom dia.", "Boa noite."]),
    "CRLF": ("Bom dia.\r\nBoa noite.\r\n", ["Bom dia.", "Boa noite."]),
    "CR": ("Bom dia.\rBoa noite.\r", ["Bom dia.", "Boa noite."]),
    "mixed line ends": ("Um.\n\r\nDois.\r\n\nTrês.\r\rQuatro.\n\r", ["Um.", "Dois.", "Três.", "Quatro."]),
    "line separator": ("Bom dia.\u2028Boa noite.\u2029Fim.", ["Bom dia.", "Boa noite.", "Fim."]),
    "form feed": ("Página um.\fPágina dois.", ["Página um.", "Página dois."]),
    "vertical tab and next line": ("Um.\vDois.\x85Três.", ["Um.", "Dois.", "Três."]),
    "blank lines of spaces": ("Um.\n \n\t\n  \nDois.", ["Um.", "Dois."]),
    "many blank lines": ("\n\n\nUm.\n\n\n\nDois.\n\n\n", ["Um.", "Dois."]),
    # White space
    "trailing spaces": ("Uma linha.  \nOutra linha.\t\n", ["Uma linha.", "Outra linha."]),
    "indentation": ("    Recuado.\n\tTabulado.\n", ["Recuado.", "Tabulado."]),
    "two spaces after a period": ("Um dia.  Outro dia.   Mais um.", ["Um dia.", "Outro dia.", "Mais um."]),
    "no-break spaces around": ("\u00a0Olá, mundo.\u00a0", ["Olá, mundo."]),
    "no-break space within": ("Custa R$\u00a010 mil.", ["Custa R$\u00a010 mil."]),
    "narrow no-break space": ("Quoi\u202f? Rien\u202f!", ["Quoi\u202f?", "Rien\u202f!"]),
    "ideographic space": ("\u3000今日は晴れ。\u3000明日は雨。", ["今日は晴れ。", "明日は雨。"]),
    "byte order mark": ("\ufeffTítulo\n", ["Título"]),
    "zero-width space at the edges": ("\u200bOlá.\u200b\u200bTchau.\u200b", ["Olá.", "Tchau."]),
    "directional marks": ("\u200fשלום עולם.\u200e", ["שלום עולם."]),
    "soft hyphen at the end": ("Palavra\u00ad\n", ["Palavra"]),
    # Markers
    "hyphen bullets": ("- Maçã\n- Pera\n", ["Maçã", "Pera"]),
    "star and plus bullets": ("* Maçã\n+ Pera", ["Maçã", "Pera"]),
    "typographic bullets": ("• Maçã\n▪ Pera\n→ Uva\n✓ Figo", ["Maçã", "Pera", "Uva", "Figo"]),
    "nested bullets": ("- Frutas\n  - Maçã\n    - Verde\n", ["Frutas", "Maçã", "Verde"]),
    "empty bullet": ("- Um\n-\n- Dois", ["Um", "Dois"]),
    "check boxes": ("- [ ] Comprar pão\n- [x] Pagar a luz", ["Comprar pão", "Pagar a luz"]),
    "numbers with a period": ("1. Primeiro\n2. Segundo\n10. Décimo", ["Primeiro", "Segundo", "Décimo"]),
    "numbers with a bracket": ("1) Primeiro\n(2) Segundo", ["Primeiro", "Segundo"]),
    "section numbers": ("1.2. Métodos\n1.2.1) Dados", ["Métodos", "Dados"]),
    "letters with a bracket": ("a) Primeiro\nb) Segundo\n(iv) Quarto", ["Primeiro", "Segundo", "Quarto"]),
    "a year is no marker": ("2024. O ano acabou.", ["O ano acabou."]),
    "an initial is no marker": ("A. Silva venceu.", ["A. Silva venceu."]),
    "dialogue dashes": (
        "— Você vem? — perguntou ela.\n– Vou.\n—Já?",
        ["Você vem? — perguntou ela.", "Vou.", "Já?"],
    ),
    "a minus is no marker": ("–5 graus em Curitiba", ["–5 graus em Curitiba"]),
    "mail quotation": ("> Oi, tudo bem?\n>> Tudo.\n> > E você?\n>\n", ["Oi, tudo bem?", "Tudo.", "E você?"]),
    "headings": ("# Título\n\n## Seção dois\nTexto.", ["Título", "Seção dois", "Texto."]),
    "underlined heading": ("Título\n======\nTexto.", ["Título", "Texto."]),
    "rules": ("Um.\n---\nDois.\n* * *\nTrês.\n___\n", ["Um.", "Dois.", "Três."]),
    # Columns
    "table": (
        "| Nome | Idade |\n|------|:-----:|\n| João | 42 |\n",
        ["Nome", "Idade", "João"],
    ),
    "tight table": ("|Nome|Cidade|\n|Ana|Recife|", ["Nome", "Cidade", "Ana", "Recife"]),
    "menu": ("Início | Política | Esportes", ["Início", "Política", "Esportes"]),
    "tabs": ("Nome\tIdade\nAna\t\t31", ["Nome", "Idade", "Ana"]),
    "aligned columns": ("Nome      Cidade\nAna       Recife", ["Nome", "Cidade", "Ana", "Recife"]),
    # Around sentences
    "no space between sentences": ("Acabou o jogo.Começou a festa.", ["Acabou o jogo.", "Começou a festa."]),
    "glued abbreviations": ("Em 49 a.C. o S.P.Q.R. venceu.", ["Em 49 a.C. o S.P.Q.R. venceu."]),
    "Chinese": ("我来了。你呢？好！", ["我来了。", "你呢？", "好！"]),
    "emoji between sentences": ("Parabéns! 🎉🎉 Até amanhã. 👋", ["Parabéns!", "Até amanhã."]),
    "emoji before": ("🚨 Urgente: chuva forte", ["Urgente: chuva forte"]),
    "number sentence between": ("Acabou. 2024. Começou.", ["Acabou.", "Começou."]),
    "address after a sentence": ("Leia mais.\nhttps://exemplo.com/a-b\nFim.", ["Leia mais.", "Fim."]),
    "quotation": ('"É tarde." Ele saiu. «Não!», disse ela.', ['"É tarde."', "Ele saiu.", "«Não!», disse ela."]),
    "ellipsis": ("Ele disse... e saiu. Bem… não sei.", ["Ele disse... e saiu.", "Bem… não sei."]),
    "combining accent": ("Cafe\u0301. Cha\u0301.", ["Cafe\u0301.", "Cha\u0301."]),
    "lone surrogate": ("Olá\ud83d mundo.", ["Olá\ud83d mundo."]),
    "code points beyond the BMP": ("𝔘𝔪 𝔡𝔦𝔞. Fim.", ["𝔘𝔪 𝔡𝔦𝔞.", "Fim."]),
    # Hard-wrapped paragraphs
    "wrapped paragraph": (
        "O governo anunciou nesta segunda-feira um pacote\n"
        "de medidas para conter a alta dos preços. O texto\n"
        "vai ao Congresso.",
        [
            "O governo anunciou nesta segunda-feira um pacote de medidas para conter a alta dos preços.",
            "O texto vai ao Congresso.",
        ],
    ),
    "wrapped with CRLF and trailing spaces": (
        "O governo anunciou nesta segunda-feira um pacote \r\nde medidas para conter a alta.\r\n",
        ["O governo anunciou nesta segunda-feira um pacote de medidas para conter a alta."],
    ),
    "wrapped quotation": (
        "> O governo anunciou nesta segunda-feira um\n> pacote de medidas.\n\nOi.",
        ["O governo anunciou nesta segunda-feira um pacote de medidas.", "Oi."],
    ),
    "wrapped item": (
        "- O governo anunciou nesta segunda-feira um\n  pacote de medidas.\n- Fim.",
        ["O governo anunciou nesta segunda-feira um pacote de medidas.", "Fim."],
    ),
    "wrapped at a compound": (
        "Uma longa reportagem sobre a relação norte-\namericana com o país.",
        ["Uma longa reportagem sobre a relação norte-americana com o país."],
    ),
    "wrapped with a name at a line start": (
        "Em discurso no Congresso, o presidente\nLula disse que o texto será votado neste\nano, se houver acordo.",
        ["Em discurso no Congresso, o presidente Lula disse que o texto será votado neste ano, se houver acordo."],
    ),
    "headlines are not wrapped": (
        "Governo anuncia pacote para conter a alta dos preços\nCongresso vota orçamento na semana que vem\nDólar cai",
        [
            "Governo anuncia pacote para conter a alta dos preços",
            "Congresso vota orçamento na semana que vem",
            "Dólar cai",
        ],
    ),
    "a short list is not wrapped": (
        "Ingredientes:\nfarinha de trigo\novos\nleite",
        ["Ingredientes:", "farinha de trigo", "ovos", "leite"],
    ),
    "verse is not wrapped": (
        "No meio do caminho\nhavia uma pedra\nhavia uma pedra",
        ["No meio do caminho", "havia uma pedra", "havia uma pedra"],
    ),
    "a line separator does not wrap": (
        "O governo anunciou nesta segunda-feira um pacote\u2028de medidas para conter a alta.",
        ["O governo anunciou nesta segunda-feira um pacote", "de medidas para conter a alta."],
    ),
}
