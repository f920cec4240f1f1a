"""the annual round, petitions, exports, cycles

What Articles 11, 21, 22 and 26 need beside the class of a year, and quarters beside months.

Revision ID: 0003
Revises: 0002

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "agency_cycle",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "cycle",
            sa.Enum("MONTH", "QUARTER", name="cycle", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("decision_number", sa.Text(), nullable=False),
        sa.Column("set_by", sa.BigInteger(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("agency_id"), "="),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            using="gist",
            name="agency_has_one_cycle",
        ),
        sa.CheckConstraint(
            "valid_to is null or valid_from < valid_to", name=op.f("ck_agency_cycle_valid_in_order")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["unit.id"], name=op.f("fk_agency_cycle_agency_id")),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_agency_cycle_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_cycle")),
    )
    op.create_table(
        "conclusion",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column(
            "blocker",
            sa.Enum(
                "DEGENERATION",
                "DISCIPLINE_PUBLIC_DUTY",
                "UNIT_CORRUPTION",
                name="blocker",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("concluded_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_conclusion_person_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_conclusion_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conclusion")),
    )
    with op.batch_alter_table("conclusion", schema=None) as batch_op:
        batch_op.create_index("ix_conclusion_person", ["person_id", "year"], unique=False)

    op.create_table(
        "national_export",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("results", sa.Integer(), nullable=False),
        sa.Column("stored_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.BigInteger(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(sent_at is null) = (sent_by is null)", name=op.f("ck_national_export_sent_by_somebody")
        ),
        sa.CheckConstraint("results > 0", name=op.f("ck_national_export_not_empty")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_national_export_made_by")),
        sa.ForeignKeyConstraint(["sent_by"], ["person.id"], name=op.f("fk_national_export_sent_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_export")),
        sa.UniqueConstraint("stored_name", name=op.f("uq_national_export_stored_name")),
    )
    op.create_table(
        "party_opinion",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("committee", sa.Text(), nullable=False),
        sa.Column(
            "klass",
            sa.Enum(
                "KHTNV",
                "HTNV",
                "HTTNV",
                "HTXSNV",
                name="band",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "length(btrim(committee)) > 0 and length(btrim(opinion)) > 0",
            name=op.f("ck_party_opinion_says_something"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_party_opinion_person_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_party_opinion_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_opinion")),
    )
    with op.batch_alter_table("party_opinion", schema=None) as batch_op:
        batch_op.create_index(
            "one_live_party_opinion",
            ["person_id", "year"],
            unique=True,
            postgresql_where=sa.text("superseded_at is null"),
        )

    op.create_table(
        "review_meeting",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("agency_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("chair", sa.Text(), nullable=False),
        sa.Column("secretary", sa.Text(), nullable=False),
        sa.Column("invited", sa.Integer(), nullable=False),
        sa.Column("present", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("stored_name", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(file_name is null) = (stored_name is null) and (file_name is null) = (sha256 is null)",
            name=op.f("ck_review_meeting_file_whole_or_absent"),
        ),
        sa.CheckConstraint("length(btrim(minutes)) > 0", name=op.f("ck_review_meeting_has_minutes")),
        sa.CheckConstraint(
            "present > 0 and present <= invited", name=op.f("ck_review_meeting_present_among_invited")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["unit.id"], name=op.f("fk_review_meeting_agency_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_review_meeting_recorded_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_review_meeting_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_meeting")),
        sa.UniqueConstraint("stored_name", name=op.f("uq_review_meeting_stored_name")),
    )
    with op.batch_alter_table("review_meeting", schema=None) as batch_op:
        batch_op.create_index("ix_review_meeting_agency", ["year", "agency_id"], unique=False)

    op.create_table(
        "self_classification",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column(
            "klass",
            sa.Enum(
                "KHTNV",
                "HTNV",
                "HTTNV",
                "HTXSNV",
                name="band",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_self_classification_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_self_classification")),
    )
    with op.batch_alter_table("self_classification", schema=None) as batch_op:
        batch_op.create_index(
            "one_live_self_classification",
            ["person_id", "year"],
            unique=True,
            postgresql_where=sa.text("superseded_at is null"),
        )

    op.create_table(
        "meeting_opinion",
        sa.Column("meeting_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "klass",
            sa.Enum(
                "KHTNV",
                "HTNV",
                "HTTNV",
                "HTXSNV",
                name="band",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("remarks", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["review_meeting.id"], name=op.f("fk_meeting_opinion_meeting_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_meeting_opinion_person_id")),
        sa.PrimaryKeyConstraint("meeting_id", "person_id", name=op.f("pk_meeting_opinion")),
    )
    with op.batch_alter_table("meeting_opinion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_opinion_person_id"), ["person_id"], unique=False)

    op.create_table(
        "petition",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=True),
        sa.Column("grade_id", sa.BigInteger(), nullable=True),
        sa.Column("deciding_unit_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "LODGED",
                "WITHDRAWN",
                "UPHELD",
                "REJECTED",
                name="petitionstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default=sa.text("'LODGED'"),
            nullable=False,
        ),
        sa.Column("lodged_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("document_number", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_for", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state in ('UPHELD', 'REJECTED')) = (decided_by is not null and decided_at is not null and answer is not null)",
            name=op.f("ck_petition_decided_has_an_answer"),
        ),
        sa.CheckConstraint(
            "(report_id is null) <> (grade_id is null)", name=op.f("ck_petition_against_a_score_or_a_class")
        ),
        sa.CheckConstraint("length(btrim(reason)) > 0", name=op.f("ck_petition_has_a_reason")),
        sa.CheckConstraint("person_id <> decided_by", name=op.f("ck_petition_nobody_decides_the_own")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_petition_decided_by")),
        sa.ForeignKeyConstraint(["decided_for"], ["person.id"], name=op.f("fk_petition_decided_for")),
        sa.ForeignKeyConstraint(["deciding_unit_id"], ["unit.id"], name=op.f("fk_petition_deciding_unit_id")),
        sa.ForeignKeyConstraint(["grade_id"], ["year_grade.id"], name=op.f("fk_petition_grade_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_petition_person_id")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_petition_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition")),
    )
    with op.batch_alter_table("petition", schema=None) as batch_op:
        batch_op.create_index("ix_petition_deciding", ["deciding_unit_id", "state"], unique=False)
        batch_op.create_index("ix_petition_person", ["person_id"], unique=False)
        batch_op.create_index(
            "one_open_petition_of_a_class",
            ["grade_id"],
            unique=True,
            postgresql_where=sa.text("state = 'LODGED'"),
        )
        batch_op.create_index(
            "one_open_petition_of_a_score",
            ["report_id"],
            unique=True,
            postgresql_where=sa.text("state = 'LODGED'"),
        )

    op.create_table(
        "national_export_row",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("sheet_id", sa.BigInteger(), nullable=True),
        sa.Column("grade_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(sheet_id is null) <> (grade_id is null)", name=op.f("ck_national_export_row_a_score_or_a_class")
        ),
        sa.ForeignKeyConstraint(
            ["export_id"], ["national_export.id"], name=op.f("fk_national_export_row_export_id")
        ),
        sa.ForeignKeyConstraint(
            ["grade_id"], ["year_grade.id"], name=op.f("fk_national_export_row_grade_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_national_export_row_person_id")),
        sa.ForeignKeyConstraint(
            ["sheet_id"], ["score_sheet.id"], name=op.f("fk_national_export_row_sheet_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_export_row")),
    )
    with op.batch_alter_table("national_export_row", schema=None) as batch_op:
        batch_op.create_index("ix_national_export_row_export", ["export_id"], unique=False)
        batch_op.create_index("ix_national_export_row_grade", ["grade_id"], unique=False)
        batch_op.create_index("ix_national_export_row_sheet", ["sheet_id"], unique=False)

    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seconded_from_id", sa.BigInteger(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_assignment_seconded_from_id"), "unit", ["seconded_from_id"], ["id"]
        )

    with op.batch_alter_table("discipline", schema=None) as batch_op:
        batch_op.add_column(sa.Column("act_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("unit_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("same_act_as_id", sa.BigInteger(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_discipline_same_act_as_id"), "discipline", ["same_act_as_id"], ["id"]
        )
        batch_op.create_foreign_key(batch_op.f("fk_discipline_unit_id"), "unit", ["unit_id"], ["id"])

    with op.batch_alter_table("eligibility_entry", schema=None) as batch_op:
        batch_op.alter_column("person_id", existing_type=sa.BIGINT(), nullable=True)

    with op.batch_alter_table("period", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "cycle",
                sa.Enum(
                    "MONTH", "QUARTER", name="cycle", native_enum=False, create_constraint=True, length=32
                ),
                server_default=sa.text("'MONTH'"),
                nullable=False,
            )
        )
        batch_op.drop_constraint(batch_op.f("uq_period_month"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_period_month_cycle"), ["month", "cycle"])

    with op.batch_alter_table("title", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unit_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "award_type", sa.String(length=16), server_default=sa.text("'CONG_TRANG'"), nullable=False
            )
        )
        batch_op.add_column(sa.Column("achieved_from", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("achieved_to", sa.Date(), nullable=True))
        batch_op.alter_column("person_id", existing_type=sa.BIGINT(), nullable=True)
        batch_op.create_index("ix_title_unit", ["unit_id", "year"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_title_unit_id"), "unit", ["unit_id"], ["id"])

    op.create_check_constraint(
        op.f("ck_assignment_seconded_from_elsewhere"), "assignment", "seconded_from_id <> unit_id"
    )
    op.create_check_constraint(
        op.f("ck_period_quarter_starts_in_its_month"),
        "period",
        "cycle = 'MONTH' or extract(month from month) in (1, 4, 7, 10)",
    )
    op.create_check_constraint(
        op.f("ck_title_of_a_person_or_a_unit"), "title", "(person_id is null) <> (unit_id is null)"
    )
    op.create_check_constraint(op.f("ck_title_achievement_in_order"), "title", "achieved_from <= achieved_to")
    with op.batch_alter_table("unit_year", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cluster_rank", sa.SmallInteger(), nullable=True))

    with op.batch_alter_table("year_grade", schema=None) as batch_op:
        batch_op.add_column(sa.Column("replaces_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "circumstances",
                postgresql.JSONB(astext_type=sa.Text()),
                server_default=sa.text("'[]'"),
                nullable=False,
            )
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_year_grade_replaces_id"), "year_grade", ["replaces_id"], ["id"]
        )


def downgrade():
    # Older tables know neither awards of units nor quarters.
    op.execute("delete from title where person_id is null")
    op.execute("delete from eligibility_entry where person_id is null")
    op.drop_constraint(op.f("ck_title_achievement_in_order"), "title")
    op.drop_constraint(op.f("ck_title_of_a_person_or_a_unit"), "title")
    op.drop_constraint(op.f("ck_period_quarter_starts_in_its_month"), "period")
    op.drop_constraint(op.f("ck_assignment_seconded_from_elsewhere"), "assignment")
    with op.batch_alter_table("year_grade", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_year_grade_replaces_id"), type_="foreignkey")
        batch_op.drop_column("circumstances")
        batch_op.drop_column("replaces_id")

    with op.batch_alter_table("unit_year", schema=None) as batch_op:
        batch_op.drop_column("cluster_rank")

    with op.batch_alter_table("title", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_title_unit_id"), type_="foreignkey")
        batch_op.drop_index("ix_title_unit")
        batch_op.alter_column("person_id", existing_type=sa.BIGINT(), nullable=False)
        batch_op.drop_column("achieved_to")
        batch_op.drop_column("achieved_from")
        batch_op.drop_column("award_type")
        batch_op.drop_column("unit_id")

    with op.batch_alter_table("period", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_period_month_cycle"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_period_month"), ["month"], postgresql_nulls_not_distinct=False
        )
        batch_op.drop_column("cycle")

    with op.batch_alter_table("eligibility_entry", schema=None) as batch_op:
        batch_op.alter_column("person_id", existing_type=sa.BIGINT(), nullable=False)

    with op.batch_alter_table("discipline", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_discipline_unit_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_discipline_same_act_as_id"), type_="foreignkey")
        batch_op.drop_column("same_act_as_id")
        batch_op.drop_column("unit_id")
        batch_op.drop_column("act_on")

    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_assignment_seconded_from_id"), type_="foreignkey")
        batch_op.drop_column("seconded_from_id")

    with op.batch_alter_table("national_export_row", schema=None) as batch_op:
        batch_op.drop_index("ix_national_export_row_sheet")
        batch_op.drop_index("ix_national_export_row_grade")
        batch_op.drop_index("ix_national_export_row_export")

    op.drop_table("national_export_row")
    with op.batch_alter_table("petition", schema=None) as batch_op:
        batch_op.drop_index("one_open_petition_of_a_score", postgresql_where=sa.text("state = 'LODGED'"))
        batch_op.drop_index("one_open_petition_of_a_class", postgresql_where=sa.text("state = 'LODGED'"))
        batch_op.drop_index("ix_petition_person")
        batch_op.drop_index("ix_petition_deciding")

    op.drop_table("petition")
    with op.batch_alter_table("meeting_opinion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_meeting_opinion_person_id"))

    op.drop_table("meeting_opinion")
    with op.batch_alter_table("self_classification", schema=None) as batch_op:
        batch_op.drop_index("one_live_self_classification", postgresql_where=sa.text("superseded_at is null"))

    op.drop_table("self_classification")
    with op.batch_alter_table("review_meeting", schema=None) as batch_op:
        batch_op.drop_index("ix_review_meeting_agency")

    op.drop_table("review_meeting")
    with op.batch_alter_table("party_opinion", schema=None) as batch_op:
        batch_op.drop_index("one_live_party_opinion", postgresql_where=sa.text("superseded_at is null"))

    op.drop_table("party_opinion")
    op.drop_table("national_export")
    with op.batch_alter_table("conclusion", schema=None) as batch_op:
        batch_op.drop_index("ix_conclusion_person")

    op.drop_table("conclusion")
    op.drop_table("agency_cycle")
