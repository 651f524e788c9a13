import itertools, random, time
from tests.resolvers.trends.event_world import Event, EventWorld
from tests.resolvers.trends.hogql_rows import *
from tests.resolvers.trends.hogql_rows import _LIMITS
from resolvers.trends.hogql.expressions import FUNCTIONS
from resolvers.trends.hogql.aggregates import AGGREGATE_NAMES
from errors import BadUserInput
import zoneinfo
LEAVES = ["properties.a","properties.b","person.properties.p","group_0.properties.g","properties.a.k","properties.l[1]","event","person_id","uuid","$session_id","session.$session_duration","session.$entry_current_url","elements_chain_texts","timestamp","'x'","''","'%a_'","','","'day'","'2020-01-05'","'(a|b)'","1","0","-2","1.5","1e300","true","null","interval 1 month","interval 3 hour","toDate(timestamp)","toStartOfDay(timestamp)","splitByChar(',', properties.a)","properties.a > 1","properties.a / 0","position(event,'zz')", "today()", "'%Y-%m'"]
ROWS=[{"a":v,"b":w} for v,w in [("",None),("x,y","12"),(1,1.5),(-1,0),(1e308,-1e308),(True,False),("inf","nan"),("2020-02-30","2020-01-05T10:00:00Z"),("1969-01-01","9999-12-31"),('{"k":1}','{"k":[1,"2"]}'),("http://www.a.b/c?d=e&a=%41#f","é\U0001F600"),("\\","%"),("0","00"),(2**62,5),(None,"a\0b"),("1e400","-0")]]
async def fill(world):
    ats=["1950-01-01","2020-01-05 10:11:12.5","2105-01-01","1970-01-01","2200-06-01 01:02:03.000004"]
    await world.add_events([Event(["ev","","sign up"][i%3],ats[i%5],i%4,{k:v for k,v in {**r,"$session_id":["s",""][i%2],"$group_0":"g","$current_url":"u","l":'[1,"z",null]'}.items() if v is not None}) for i,r in enumerate(ROWS)])
    await world.add_persons({1:{"p":"x"},2:{"p":3}})
    await world.add_groups(0,{"g":{"g":7}})
async def run(world, exprs, agg):
    cols=tuple(Named(e,f"c{i}") for i,(t,e) in enumerate(exprs))
    st=lowered(Select(cols,Events()),world.project.id)
    try:
        await world.engine.query(st.text, st.params, limits=_LIMITS)
        return []
    except Exception as e:
        if len(exprs)==1: return [(exprs[0][0], str(e)[:200])]
        m=len(exprs)//2
        return await run(world,exprs[:m],agg)+await run(world,exprs[m:],agg)
import os
async def test_all(world):
    await fill(world)
    world=world.in_zone("America/New_York")
    tz=world.project.timezone
    rnd=random.Random(int(os.environ.get("SEED","1")))
    texts=[]
    per=int(os.environ.get("PER","40"))
    for name,f in FUNCTIONS.items():
        for n in range(f.least,min(f.most,3)+1):
            combos=list(itertools.product(LEAVES,repeat=n)) if n<3 else [tuple(rnd.choice(LEAVES) for _ in range(n)) for _ in range(4000)]
            rnd.shuffle(combos)
            got=0
            for c in combos:
                t=f"{name}({', '.join(c)})"
                try:
                    e=breakdown_expression(t,PATH,timezone=tz,now=NOW)
                except BadUserInput: continue
                texts.append((t,e)); got+=1
                if got>=per: break
            if not got: print("NONE for",name,n)
    ops=["{} = {}","{} != {}","{} < {}","{} + {}","{} - {}","{} * {}","{} / {}","{} % {}","{} || {}","{} ?? {}","{} in ({}, 'q')","{} in ({}, 5)","{} not in ({})","{} between {} and 5","{} like {}","{} and {}","{} or not {}","{} is null or {}","case {} when {} then 1 end","case when {} then {} end", "{}[{}]"]
    for op in ops:
        for c in itertools.product(LEAVES,repeat=2):
            t=op.format(*c)
            try: e=breakdown_expression(t,PATH,timezone=tz,now=NOW)
            except BadUserInput: continue
            texts.append((t,e))
    print(len(texts),"accepted")
    bad=[]
    for i in range(0,len(texts),100):
        bad+=await run(world,texts[i:i+100],False)
    print(len(bad),"fail")
    for t,e in bad[:80]: print(t,"!!",e)
    aggs=[]
    for name in sorted(AGGREGATE_NAMES):
        for n in (0,1,2):
            for c in itertools.product(LEAVES,repeat=n):
                for form in ("{}({})","quantile(0.9)({1})" if name=="quantile" else "{0}({1})", "toString({}({}))", "length(toString({}({})))"):
                    t=form.format(name,", ".join(c))
                    try: e=math_expression(t,PATH,timezone=tz,now=NOW)
                    except BadUserInput: continue
                    aggs.append((t,e))
    rnd.shuffle(aggs); aggs=aggs[:1500]
    print(len(aggs),"aggregates")
    bad=[]
    for i in range(0,len(aggs),50): bad+=await run(world,aggs[i:i+50],True)
    print(len(bad),"fail")
    for t,e in bad[:40]: print(t,"!!",e)
