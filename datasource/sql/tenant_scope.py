"""The project's condition, which is added here to every table, and nowhere else."""

from dataclasses import replace

from datasource.sql.tree import Column, Param, Query, Select, Table, equals, every, transform


def scope_to_project(query: Query, project_id: int) -> Query:
    """Return the query restricted to the rows of one project."""

    def restrict(node: object) -> object:
        if not isinstance(node, Select) or not isinstance(node.source, Table):
            return node
        column = Column(node.source.project_column, node.source.alias)
        condition = equals(column, Param(project_id, "UInt32"))
        return replace(node, where=every(condition, node.where))

    return transform(query, restrict)
