-- p0 String = "$$_posthog_breakdown_other_$$"
-- p1 String = "$$_posthog_breakdown_null_$$"
-- p2 Identifier = "$browser"
-- p3 String = ""
-- p4 String = "UTC"
-- p5 Identifier = "plan"
-- p6 UInt32 = 1
-- p7 String = "sign up"
-- p8 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p9 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
SELECT
    if((place <= 25), b0, {p0:String}) AS name0,
    if((place <= 25), b1, {p0:String}) AS name1,
    tupleElement(sumMap(buckets, figures), 1) AS merged_buckets,
    tupleElement(sumMap(buckets, figures), 2) AS merged_figures
FROM (
    SELECT
        b0,
        b1,
        buckets,
        figures,
        dense_rank() OVER (ORDER BY ((b0 = {p1:String}) OR (b1 = {p1:String})), size DESC, b0, b1) AS place
    FROM (
        SELECT
            b0,
            b1,
            groupArray(bucket) AS buckets,
            groupArray(figure) AS figures,
            sum(figure) AS size
        FROM (
            SELECT
                ifNull(nullIf(leftUTF8(CAST(e.properties.{p2:Identifier}, 'Nullable(String)'), 400), {p3:String}), {p1:String}) AS b0,
                ifNull(nullIf(leftUTF8(person.v0, 400), {p3:String}), {p1:String}) AS b1,
                (toInt32(toDate(e.timestamp, {p4:String})) - 18270) AS bucket,
                count() AS figure
            FROM events AS e
            ANY LEFT JOIN (
                SELECT
                    p.person_no AS person_no,
                    CAST(p.properties.{p5:Identifier}, 'Nullable(String)') AS v0
                FROM persons AS p FINAL
                WHERE (p.project_id = {p6:UInt32})
            ) AS person ON (transform(e.person_no, tupleElement(((
                SELECT
                    tuple(groupArray(m.old_no), groupArray(m.new_no)) AS lists
                FROM person_merges AS m FINAL
                WHERE (m.project_id = {p6:UInt32})
            ) AS merges), 1), tupleElement(merges, 2), e.person_no) = person.person_no)
            WHERE (e.project_id = {p6:UInt32})
                AND (e.event = {p7:String})
                AND (e.timestamp >= {p8:DateTime64(6, 'UTC')})
                AND (e.timestamp <= {p9:DateTime64(6, 'UTC')})
            GROUP BY b0, b1, bucket
        ) AS counted
        GROUP BY b0, b1
    ) AS sizes
) AS ranked
GROUP BY name0, name1
