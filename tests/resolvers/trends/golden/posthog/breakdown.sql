-- p0 String = "$$_posthog_breakdown_other_$$"
-- p1 String = "$$_posthog_breakdown_null_$$"
-- p2 Array(String) = ["", "null"]
-- p3 String = "\\"
-- p4 String = "$browser"
-- p5 String = "Nullable(String)"
-- p6 String = ""
-- p7 String = "UTC"
-- p8 UInt32 = 1
-- p9 String = "sign up"
-- p10 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p11 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
SELECT
    if((place <= 25), b0, {p0:String}) AS name0,
    tupleElement(sumMap(buckets, figures), 1) AS merged_buckets,
    tupleElement(sumMap(buckets, figures), 2) AS merged_figures
FROM (
    SELECT
        b0,
        buckets,
        figures,
        dense_rank() OVER (ORDER BY (b0 = {p1:String}), size DESC, b0) AS place
    FROM (
        SELECT
            b0,
            groupArray(bucket) AS buckets,
            groupArray(figure) AS figures,
            sum(figure) AS size
        FROM (
            SELECT
                ifNull(nullIf(leftUTF8(if(((e.`mat_$browser` IN {p2:Array(String)}) OR (position(e.`mat_$browser`, {p3:String}) > 0)), JSONExtract(e.properties, {p4:String}, {p5:String}), e.`mat_$browser`), 400), {p6:String}), {p1:String}) AS b0,
                (toInt32(toDate(e.timestamp, {p7:String})) - 18270) AS bucket,
                count() AS figure
            FROM events AS e
            WHERE (e.team_id = {p8:UInt32})
                AND (e.event = {p9:String})
                AND (e.timestamp >= {p10:DateTime64(6, 'UTC')})
                AND (e.timestamp <= {p11:DateTime64(6, 'UTC')})
            GROUP BY b0, bucket
        ) AS counted
        GROUP BY b0
    ) AS sizes
) AS ranked
GROUP BY name0
