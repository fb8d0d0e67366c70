"""List English words whose forms no rule of endings leads back to one stem.

Left out are forms that mean something else more often than not in news: "fed" (the
bank), "bound", "ground", "wound", "bore", "lay" and "lain" of "lie".
"""

from __future__ import annotations

_FORMS = """
arise arose arisen; awake awoke awoken; be am is are was were been; bear borne;
beat beaten; become became; befall befell befallen; begin began begun; bend bent;
bite bit bitten; bleed bled; blow blew blown; break broke broken; breed bred;
bring brought; build built; burn burnt; buy bought;
catch caught; choose chose chosen; cling clung; come came; creep crept; deal dealt;
dig dug; do does did done; draw drew drawn; drink drank drunk; drive drove driven;
dwell dwelt; eat ate eaten; fall fell fallen; feel felt; fight fought; find found;
flee fled; fling flung; fly flew flown; forbid forbade forbidden;
foresee foresaw foreseen; forget forgot forgotten; forgive forgave forgiven;
forgo forwent forgone; forsake forsook forsaken; freeze froze frozen;
get got gotten; give gave given; go goes went gone; grow grew grown; hang hung;
have has had; hear heard; hide hid hidden; hold held; keep kept; kneel knelt;
know knew known; lay laid; lead led; leap leapt; learn learnt; leave left;
lend lent; light lit; lose lost; make made; mean meant; meet met; mislead misled;
mistake mistook mistaken; misunderstand misunderstood; outdo outdid outdone;
outgrow outgrew outgrown; overcome overcame; overdo overdid overdone;
oversee oversaw overseen; overtake overtook overtaken;
overthrow overthrew overthrown; partake partook partaken; pay paid; prepay prepaid;
prove proven; rebuild rebuilt; repay repaid; rethink rethought;
retake retook retaken; rewrite rewrote rewritten; ride rode ridden; ring rang rung;
rise rose risen; run ran; say said; see saw seen; seek sought; sell sold; send sent;
shake shook shaken; shine shone; shoot shot; show shown; shrink shrank shrunk;
sing sang sung; sink sank sunk sunken; sit sat; slay slew slain; sleep slept;
slide slid; speak spoke spoken; speed sped; spell spelt; spend spent; spin spun;
spring sprang sprung; stand stood; steal stole stolen; stick stuck; sting stung;
stink stank stunk; strike struck stricken; string strung; strive strove striven;
swear swore sworn; sweep swept; swell swollen; swim swam swum; swing swung;
take took taken; teach taught; tear tore torn; tell told; think thought;
throw threw thrown; tread trod trodden; undergo underwent undergone;
understand understood; undertake undertook undertaken; undo undid undone;
unwind unwound; uphold upheld; wake woke woken; wear wore worn; weave wove woven;
weep wept; win won; withdraw withdrew withdrawn; withhold withheld;
withstand withstood; wring wrung; write wrote written; man men; woman women;
child children; foot feet; tooth teeth; mouse mice; wife wives; knife knives;
thief thieves; wolf wolves; loaf loaves; crisis crises;
analysis analyses; thesis theses; hypothesis hypotheses; diagnosis diagnoses;
oasis oases; synthesis syntheses; criterion criteria;
phenomenon phenomena; memorandum memoranda; referendum referenda;
consortium consortia; stratum strata; alumnus alumni; nucleus nuclei;
appendix appendices; index indices; matrix matrices; airman airmen;
businessman businessmen; congressman congressmen; councilman councilmen;
countryman countrymen; craftsman craftsmen; crewman crewmen; fireman firemen;
fisherman fishermen; frontman frontmen; gunman gunmen; guardsman guardsmen;
infantryman infantrymen; lawman lawmen; militiaman militiamen; policeman policemen;
rifleman riflemen; salesman salesmen; seaman seamen; serviceman servicemen;
spokesman spokesmen; sportsman sportsmen; statesman statesmen; tribesman tribesmen;
workman workmen; businesswoman businesswomen; congresswoman congresswomen;
policewoman policewomen; servicewoman servicewomen; spokeswoman spokeswomen
"""

IRREGULAR: dict[str, str] = {
    form: word
    for word, *forms in (line.split() for line in _FORMS.split(";"))
    for form in forms
}
"""For each irregular form, the word it belongs to."""
