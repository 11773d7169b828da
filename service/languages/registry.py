"""The languages the service can name: codes, default scripts and English names.

Codes are those of ISO 639-1, -2 and -3, scripts those of ISO 15924 with the default of Unicode CLDR's likely subtags,
regions those of ISO 3166-1. A language with an ISO 639-1 code is tagged with it, the rest with ISO 639-3 (BCP-47
section 2.2.1).
"""

from __future__ import annotations

import msgspec


class Language(msgspec.Struct, frozen=True):
    """One language: its BCP-47 primary subtag, its three-letter codes, the script it is taken to be in, its name."""

    tag: str
    alpha3: tuple[str, ...]
    script: str
    name: str


# tag, ISO 639-3 code (and the bibliographic ISO 639-2 code where it differs), default script, English name.
_TABLE = """
aa  aar      Latn Afar
ab  abk      Cyrl Abkhazian
ace ace      Latn Acehnese
af  afr      Latn Afrikaans
ak  aka      Latn Akan
am  amh      Ethi Amharic
an  arg      Latn Aragonese
ar  ara      Arab Arabic
ary ary      Arab Moroccan Arabic
arz arz      Arab Egyptian Arabic
as  asm      Beng Assamese
ast ast      Latn Asturian
av  ava      Cyrl Avaric
awa awa      Deva Awadhi
ay  aym      Latn Aymara
az  aze      Latn Azerbaijani
ba  bak      Cyrl Bashkir
ban ban      Latn Balinese
be  bel      Cyrl Belarusian
bg  bul      Cyrl Bulgarian
bho bho      Deva Bhojpuri
bi  bis      Latn Bislama
bm  bam      Latn Bambara
bn  ben      Beng Bengali
bo  bod/tib  Tibt Tibetan
br  bre      Latn Breton
bs  bos      Latn Bosnian
ca  cat      Latn Catalan
ce  che      Cyrl Chechen
ceb ceb      Latn Cebuano
ch  cha      Latn Chamorro
ckb ckb      Arab Central Kurdish
co  cos      Latn Corsican
crh crh      Latn Crimean Tatar
cs  ces/cze  Latn Czech
cv  chv      Cyrl Chuvash
cy  cym/wel  Latn Welsh
da  dan      Latn Danish
de  deu/ger  Latn German
doi doi      Deva Dogri
dsb dsb      Latn Lower Sorbian
dv  div      Thaa Divehi
dz  dzo      Tibt Dzongkha
ee  ewe      Latn Ewe
el  ell/gre  Grek Greek
en  eng      Latn English
eo  epo      Latn Esperanto
es  spa      Latn Spanish
et  est      Latn Estonian
eu  eus/baq  Latn Basque
fa  fas/per  Arab Persian
ff  ful      Latn Fula
fi  fin      Latn Finnish
fj  fij      Latn Fijian
fo  fao      Latn Faroese
fon fon      Latn Fon
fr  fra/fre  Latn French
fur fur      Latn Friulian
fy  fry      Latn Western Frisian
ga  gle      Latn Irish
gd  gla      Latn Scottish Gaelic
gl  glg      Latn Galician
gn  grn      Latn Guarani
gom gom      Deva Goan Konkani
gsw gsw      Latn Swiss German
gu  guj      Gujr Gujarati
gv  glv      Latn Manx
ha  hau      Latn Hausa
haw haw      Latn Hawaiian
he  heb      Hebr Hebrew
hi  hin      Deva Hindi
hil hil      Latn Hiligaynon
hmn hmn      Latn Hmong
hne hne      Deva Chhattisgarhi
hr  hrv      Latn Croatian
hsb hsb      Latn Upper Sorbian
ht  hat      Latn Haitian Creole
hu  hun      Latn Hungarian
hy  hye/arm  Armn Armenian
id  ind      Latn Indonesian
ig  ibo      Latn Igbo
ilo ilo      Latn Iloko
is  isl/ice  Latn Icelandic
it  ita      Latn Italian
iu  iku      Cans Inuktitut
ja  jpn      Jpan Japanese
jv  jav      Latn Javanese
ka  kat/geo  Geor Georgian
kab kab      Latn Kabyle
kea kea      Latn Kabuverdianu
kg  kon      Latn Kongo
ki  kik      Latn Kikuyu
kk  kaz      Cyrl Kazakh
kl  kal      Latn Kalaallisut
km  khm      Khmr Khmer
kmb kmb      Latn Kimbundu
kn  kan      Knda Kannada
ko  kor      Kore Korean
ks  kas      Arab Kashmiri
ku  kur      Latn Kurdish
kv  kom      Cyrl Komi
kw  cor      Latn Cornish
ky  kir      Cyrl Kyrgyz
la  lat      Latn Latin
lb  ltz      Latn Luxembourgish
lg  lug      Latn Ganda
li  lim      Latn Limburgish
lij lij      Latn Ligurian
lmo lmo      Latn Lombard
ln  lin      Latn Lingala
lo  lao      Laoo Lao
lt  lit      Latn Lithuanian
ltg ltg      Latn Latgalian
lu  lub      Latn Luba-Katanga
lua lua      Latn Luba-Lulua
luo luo      Latn Luo
lus lus      Latn Mizo
lv  lav      Latn Latvian
mag mag      Deva Magahi
mai mai      Deva Maithili
mg  mlg      Latn Malagasy
mi  mri/mao  Latn Maori
min min      Latn Minangkabau
mk  mkd/mac  Cyrl Macedonian
ml  mal      Mlym Malayalam
mn  mon      Cyrl Mongolian
mni mni      Beng Manipuri
mos mos      Latn Mossi
mr  mar      Deva Marathi
ms  msa/may  Latn Malay
mt  mlt      Latn Maltese
my  mya/bur  Mymr Burmese
myv myv      Cyrl Erzya
nap nap      Latn Neapolitan
nb  nob      Latn Norwegian Bokmål
nd  nde      Latn North Ndebele
nds nds      Latn Low German
ne  nep      Deva Nepali
nl  nld/dut  Latn Dutch
nn  nno      Latn Norwegian Nynorsk
nso nso      Latn Northern Sotho
nv  nav      Latn Navajo
ny  nya      Latn Chichewa
oc  oci      Latn Occitan
om  orm      Latn Oromo
or  ori      Orya Odia
os  oss      Cyrl Ossetian
pa  pan      Guru Punjabi
pam pam      Latn Pampanga
pap pap      Latn Papiamento
pl  pol      Latn Polish
ps  pus      Arab Pashto
pt  por      Latn Portuguese
qu  que      Latn Quechua
rm  roh      Latn Romansh
rn  run      Latn Rundi
ro  ron/rum  Latn Romanian
ru  rus      Cyrl Russian
rue rue      Cyrl Rusyn
rw  kin      Latn Kinyarwanda
sa  san      Deva Sanskrit
sah sah      Cyrl Yakut
sat sat      Olck Santali
sc  srd      Latn Sardinian
scn scn      Latn Sicilian
sd  snd      Arab Sindhi
se  sme      Latn Northern Sami
sg  sag      Latn Sango
shn shn      Mymr Shan
si  sin      Sinh Sinhala
sk  slk/slo  Latn Slovak
sl  slv      Latn Slovenian
sm  smo      Latn Samoan
sn  sna      Latn Shona
so  som      Latn Somali
sq  sqi/alb  Latn Albanian
sr  srp      Cyrl Serbian
ss  ssw      Latn Swati
st  sot      Latn Southern Sotho
su  sun      Latn Sundanese
sv  swe      Latn Swedish
sw  swa      Latn Swahili
szl szl      Latn Silesian
ta  tam      Taml Tamil
te  tel      Telu Telugu
tet tet      Latn Tetum
tg  tgk      Cyrl Tajik
th  tha      Thai Thai
ti  tir      Ethi Tigrinya
tk  tuk      Latn Turkmen
tl  tgl      Latn Tagalog
tn  tsn      Latn Tswana
to  ton      Latn Tongan
tpi tpi      Latn Tok Pisin
tr  tur      Latn Turkish
ts  tso      Latn Tsonga
tt  tat      Cyrl Tatar
tum tum      Latn Tumbuka
ty  tah      Latn Tahitian
tyv tyv      Cyrl Tuvinian
udm udm      Cyrl Udmurt
ug  uig      Arab Uyghur
uk  ukr      Cyrl Ukrainian
umb umb      Latn Umbundu
ur  urd      Arab Urdu
uz  uzb      Latn Uzbek
ve  ven      Latn Venda
vec vec      Latn Venetian
vi  vie      Latn Vietnamese
wa  wln      Latn Walloon
war war      Latn Waray
wo  wol      Latn Wolof
xh  xho      Latn Xhosa
yi  yid      Hebr Yiddish
yo  yor      Latn Yoruba
yue yue      Hant Cantonese
zh  zho/chi  Hans Chinese
zu  zul      Latn Zulu
zza zza      Latn Zaza
"""


def _parse(table: str) -> dict[str, Language]:
    languages = {}
    for line in table.strip().splitlines():
        tag, alpha3, script, name = line.split(maxsplit=3)
        languages[tag] = Language(tag, tuple(alpha3.split("/")), script, name)
    return languages


LANGUAGES = _parse(_TABLE)

# ISO 3166-1, then the UN M.49 areas that translation services use.
_REGION_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS
BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE
EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM
HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC
LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO
TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
001 150 419
"""

REGIONS = frozenset(_REGION_CODES.split())
