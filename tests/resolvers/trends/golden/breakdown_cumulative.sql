-- p0 String = "$$_posthog_breakdown_other_$$"
-- p1 String = "$$_posthog_breakdown_null_$$"
-- p2 Identifier = "$browser"
-- p3 String = ""
-- p4 String = "UTC"
-- p5 UInt32 = 1
-- p6 String = "sign up"
-- p7 DateTime64(6, 'UTC') = "2020-01-09 00:00:00"
-- p8 DateTime64(6, 'UTC') = "2020-01-12 23:59:59"
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
            sum((figure * (4 - bucket))) AS size
        FROM (
            SELECT
                b0,
                bucket,
                count() AS figure
            FROM (
                SELECT
                    ifNull(nullIf(leftUTF8(CAST(e.properties.{p2:Identifier}, 'Nullable(String)'), 400), {p3:String}), {p1:String}) AS b0,
                    min((toInt32(toDate(e.timestamp, {p4:String})) - 18270)) AS bucket
                FROM events AS e
                WHERE (e.project_id = {p5:UInt32})
                    AND (e.event = {p6:String})
                    AND (e.timestamp >= {p7:DateTime64(6, 'UTC')})
                    AND (e.timestamp <= {p8:DateTime64(6, 'UTC')})
                GROUP BY b0, transform(e.person_no, tupleElement(((
                    SELECT
                        tuple(groupArray(m.old_no), groupArray(m.new_no)) AS lists
                    FROM person_merges AS m FINAL
                    WHERE (m.project_id = {p5:UInt32})
                ) AS merges), 1), tupleElement(merges, 2), e.person_no)
            ) AS counted
            GROUP BY b0, bucket
        ) AS counted
        GROUP BY b0
    ) AS sizes
) AS ranked
GROUP BY name0
