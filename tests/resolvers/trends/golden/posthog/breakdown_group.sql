-- p0 String = "$$_posthog_breakdown_other_$$"
-- p1 String = "$$_posthog_breakdown_null_$$"
-- p2 String = ""
-- p3 String = "UTC"
-- p4 String = "plan"
-- p5 String = "Nullable(String)"
-- p6 UInt32 = 1
-- p7 String = "null"
-- p8 String = "\\"
-- p9 String = "\""
-- p10 String = "String"
-- p11 String = "sign up"
-- p12 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p13 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
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
                ifNull(nullIf(leftUTF8(group3.v0, 400), {p2:String}), {p1:String}) AS b0,
                (toInt32(toDate(e.timestamp, {p3:String})) - 18270) AS bucket,
                count() AS figure
            FROM events AS e
            ANY LEFT JOIN (
                SELECT
                    g.group_key AS key,
                    JSONExtract(g.group_properties, {p4:String}, {p5:String}) AS v0
                FROM groups AS g FINAL
                WHERE (g.team_id = {p6:UInt32})
                    AND (g.group_type_index = 3)
            ) AS group3 ON (multiIf((e.`$group_3` = {p7:String}), {p2:String}, (position(e.`$group_3`, {p8:String}) > 0), JSONExtract(concat({p9:String}, e.`$group_3`, {p9:String}), {p10:String}), e.`$group_3`) = group3.key)
            WHERE (e.team_id = {p6:UInt32})
                AND (e.event = {p11:String})
                AND (e.timestamp >= {p12:DateTime64(6, 'UTC')})
                AND (e.timestamp <= {p13:DateTime64(6, 'UTC')})
            GROUP BY b0, bucket
        ) AS counted
        GROUP BY b0
    ) AS sizes
) AS ranked
GROUP BY name0
