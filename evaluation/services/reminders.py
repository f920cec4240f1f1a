"""Who is told when a date comes near or is moved, in one statement each."""

from datetime import date

from sqlalchemy import text

from evaluation import clock
from evaluation.extensions import db
from evaluation.models import Extension, Period
from evaluation.queries.periods import general_due
from evaluation.rules.deadlines import StepName
from evaluation.rules.periods import in_words_of
from evaluation.rules.workflow import ReportState

EXTENDED = {
    StepName.ASSIGN: "The last day to assign work in month %(month)s is now %(due)s. Reason: %(reason)s",
    StepName.SUBMIT: "The last day to submit sheets of month %(month)s is now %(due)s. Reason: %(reason)s",
    StepName.SCORE: "The last day to score sheets of month %(month)s is now %(due)s. Reason: %(reason)s",
    StepName.CONFIRM: "The last day to confirm scores of month %(month)s is now %(due)s. Reason: %(reason)s",
    StepName.PUBLISH: "The last day to publish results of month %(month)s is now %(due)s. Reason: %(reason)s",
}
NEAR = {
    StepName.SUBMIT: "Your sheet of month %(month)s has not been submitted. The last day is %(due)s.",
    StepName.SCORE: "%(count)s sheets of month %(month)s wait to be scored. The last day is %(due)s.",
    StepName.CONFIRM: "%(count)s sheets of month %(month)s wait to be confirmed. The last day is %(due)s.",
}
PAGES = {
    StepName.ASSIGN: "/workplans/",
    StepName.SUBMIT: "/reports/",
    StepName.SCORE: "/reviews/",
    StepName.CONFIRM: "/confirmations/",
    StepName.PUBLISH: "/confirmations/",
}
WAITING_IN = {
    StepName.SUBMIT: [ReportState.DRAFT, ReportState.RETURNED],
    StepName.SCORE: [ReportState.SUBMITTED],
    StepName.CONFIRM: [ReportState.SCORED],
}

# Whose duty a step is: the official's own, or of whoever heads the unit today or stands in for its head.
KEEPER = """
keeper as (
    select unit_id, person_id from assignment
    where office = 'HEAD' and valid_from <= :today and (valid_to is null or valid_to > :today)
    union
    select delegation.unit_id, delegation.delegate_id from delegation
    where delegation.valid_from <= :today and delegation.valid_to > :today
)
"""
OWNER = "select report.person_id as person_id, {columns} from {sheets} report"
HEAD = """
select keeper.person_id as person_id, {columns}
from {sheets} report join keeper on keeper.unit_id = report.{unit} and keeper.person_id <> report.person_id
"""
DUTY = {
    StepName.ASSIGN: HEAD.replace("{unit}", "supervising_unit_id"),
    StepName.SUBMIT: OWNER,
    StepName.SCORE: HEAD.replace("{unit}", "supervising_unit_id"),
    StepName.CONFIRM: HEAD.replace("{unit}", "confirming_unit_id"),
    StepName.PUBLISH: HEAD.replace("{unit}", "confirming_unit_id"),
}


def tell_extended(extension: Extension, period: Period) -> None:
    """Tells everybody whose duty was moved, except the person who moved it."""
    db.session.flush()
    people = DUTY[extension.step].format(columns="report.id as report_id", sheets="wanted")
    db.session.execute(
        text(
            f"""
            with {KEEPER},
            wanted as (
                select * from report
                where period_id = :period_id and state <> 'NOT_RATED'
                  and (id = :report_id or agency_id = :agency_id)
            ),
            people as ({people})
            insert into notice (person_id, says, parameters, link)
            select distinct person_id, :says,
                jsonb_build_object('month', cast(:month as text), 'due', cast(:due as text), 'reason', cast(:reason as text)),
                :link
            from people where person_id <> :granter
            """
        ),
        {
            "today": clock.today(),
            "period_id": period.id,
            "report_id": extension.report_id,
            "agency_id": extension.agency_id,
            "granter": extension.granted_by,
            "says": in_words_of(EXTENDED[extension.step], period.cycle),
            "month": period.covers.short,
            "due": f"{extension.due:%d/%m/%Y}",
            "reason": extension.reason,
            "link": PAGES[extension.step],
        },
    )


def tell_near(period: Period, step: StepName, days: list[date]) -> int:
    """Tells everybody whose step ends on one of these days, once a day for each date; returns how many were told."""
    people = DUTY[step].format(columns="report.due as due, count(*) as count", sheets="near")
    told = db.session.execute(
        text(
            f"""
            with {KEEPER},
            near as (
                select report.id, report.person_id, report.supervising_unit_id, report.confirming_unit_id,
                    greatest(cast(:general as date), max(extension.due)) as due
                from report
                left join extension
                    on extension.period_id = report.period_id and extension.step = :step
                    and (extension.report_id = report.id
                         or extension.agency_id = report.agency_id and extension.granted_by <> report.person_id)
                where report.period_id = :period_id and report.state = any(:states)
                group by report.id
            ),
            people as ({people} where report.due = any(:days) group by 1, 2),
            news as (
                select person_id, jsonb_build_object(
                    'month', cast(:month as text), 'due', to_char(due, 'DD/MM/YYYY'), 'count', count,
                    'day', cast(:day as text)) as parameters
                from people
            )
            insert into notice (person_id, says, parameters, link)
            select person_id, :says, parameters, :link from news
            where not exists (
                select from notice earlier
                where earlier.person_id = news.person_id and earlier.says = :says
                  and earlier.parameters ->> 'day' = :day
                  and earlier.parameters ->> 'month' = :month
                  and earlier.parameters ->> 'due' = news.parameters ->> 'due'
            )
            returning person_id
            """
        ),
        {
            "today": clock.today(),
            "period_id": period.id,
            "general": general_due(period, step),
            "step": step.value,
            "states": [state.value for state in WAITING_IN[step]],
            "days": days,
            "says": in_words_of(NEAR[step], period.cycle),
            "month": period.covers.short,
            "day": clock.today().isoformat(),
            "link": PAGES[step],
        },
    )
    return len(told.all())
