"""Sentences of the project's own writing, by source language, of many lengths and contents."""

from __future__ import annotations

SENTENCES = {
    "pt": (
        "Bom dia.",
        "Chove em Recife.",
        "O prefeito chegou atrasado à reunião.",
        "A inflação de março ficou em 0,38%, segundo o instituto.",
        "Duas escolas da zona norte vão reabrir na segunda-feira.",
        "O rio subiu quatro metros em doze horas e invadiu casas do bairro.",
        "Os moradores pediram que a empresa explique por que faltou energia durante três dias.",
        "Segundo a polícia, ninguém ficou ferido no acidente da rodovia, que seguia bloqueada no fim da tarde.",
        "O governo anunciou um investimento de R$ 3,5 milhões para recuperar pontes danificadas pelas chuvas do verão.",
        "A pesquisadora disse que os dados ainda são preliminares, mas mostram uma queda clara no número de casos "
        "desde que a campanha de vacinação começou, no início do ano passado.",
        "Quando perguntado sobre o atraso das obras, o secretário respondeu que a chuva, a falta de material e uma "
        "disputa na Justiça impediram que o cronograma fosse cumprido, e prometeu entregar o viaduto até dezembro.",
    ),
    "en": (
        "Good morning.",
        "It is raining in Leeds.",
        "The mayor arrived late for the meeting.",
        "Inflation in March was 0.38%, according to the institute.",
        "Two schools in the north of the city will reopen on Monday.",
        "The river rose four metres in twelve hours and flooded houses in the district.",
        "Residents asked the company to explain why there had been no power for three days.",
        "Police said nobody was hurt in the accident on the motorway, which was still closed late in the afternoon.",
        "The government announced an investment of $3.5 million to repair bridges damaged by the January floods.",
        "The researcher said the data were still preliminary but showed a clear fall in the number of cases since the "
        "vaccination campaign began early last year.",
        "Asked about the delay, the secretary replied that rain, a shortage of materials and a dispute in the courts "
        "had kept the works from being finished on time, and promised to open the viaduct by December.",
    ),
}
ODD = ("ok", "...", "?!", "12345", "§ ¶ †", "中文和日本語", "🙂🙂", "a" * 60, "ALL CAPS NEWS", "É", "\u200b", "x")
