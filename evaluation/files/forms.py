"""Mẫu số 01 and Mẫu số 02 of decree 335/2025 (Appendix II): their wording as printed, and what stands in them."""

from collections.abc import Iterable
from dataclasses import dataclass

from evaluation.rules.working import Working

FORM_01, FORM_02 = "Mẫu số 01", "Mẫu số 02"
DRAFT = "BẢN DỰ THẢO"
PERIOD_TITLE = "PHIẾU THEO DÕI, ĐÁNH GIÁ CÔNG CHỨC"
YEAR_TITLE = "PHIẾU XẾP LOẠI CHẤT LƯỢNG CÔNG CHỨC"
NAME, OFFICE, UNIT = "Họ và tên:", "Chức vụ, chức danh:", "Đơn vị công tác:"
PERIOD_PARTS = (
    "I. KẾT QUẢ THEO DÕI, ĐÁNH GIÁ THEO TIÊU CHÍ CHUNG",
    "II. TỔNG HỢP KẾT QUẢ THEO DÕI, ĐÁNH GIÁ CÔNG CHỨC",
)
CRITERIA_HEAD = ("TT", "Tiêu chí chấm điểm", "Điểm tối đa", "Điểm do cá nhân tự chấm")
CRITERIA_NUMBERS = ("(1)", "(2)", "(3)", "(4)")
TOTAL = "Tổng cộng"
SUMMARY = (
    "1. Điểm tiêu chí chung:",
    "2. Điểm tiêu chí kết quả thực hiện nhiệm vụ:",
    "3. Tổng điểm theo dõi, đánh giá công chức:",
)
REMARKS = (
    "4. Ưu điểm:",
    "5. Hạn chế, khuyết điểm:",
    "6. Ý kiến nhận xét của cấp có thẩm quyền theo dõi, đánh giá:",
)
PERIOD_SIGNS = (("CÔNG CHỨC TỰ ĐÁNH GIÁ",), ("CẤP CÓ THẨM QUYỀN", "THEO DÕI, ĐÁNH GIÁ"))
YEAR_SIGNS = (("CÔNG CHỨC TỰ XẾP LOẠI",), ("CẤP CÓ THẨM QUYỀN XẾP LOẠI",))
SIGN_HERE = "(Ký tên, ghi rõ họ tên)"
PERIOD_NOTE = "Ghi rõ kỳ theo dõi là tháng/quý ... năm... ."
YEAR_PARTS = (
    "I. TỔNG HỢP KẾT QUẢ THEO DÕI, ĐÁNH GIÁ",
    "II. CÔNG CHỨC TỰ ĐÁNH GIÁ, XẾP LOẠI CHẤT LƯỢNG",
    "III. KẾT QUẢ XẾP LOẠI CHẤT LƯỢNG CỦA CẤP CÓ THẨM QUYỀN CÔNG CHỨC",
    "IV. ĐỀ XUẤT PHƯƠNG ÁN XỬ LÝ",
)
MONTHS_HEAD = ("Tháng", "Tổng điểm theo dõi, đánh giá", "Ghi chú")
MEAN = "Tổng điểm trung bình cả năm"
CLASSES = (
    ("HTXSNV", "Hoàn thành xuất sắc nhiệm vụ"),
    ("HTTNV", "Hoàn thành tốt nhiệm vụ"),
    ("HTNV", "Hoàn thành nhiệm vụ"),
    ("KHTNV", "Không hoàn thành nhiệm vụ"),
)
YEAR_NOTES = (
    "Việc xếp loại chất lượng công chức căn cứ vào quy định tại Điều 20 Nghị định này.",
    "Việc đề xuất phương án xử lý căn cứ quy định tại Điều 23 Nghị định này.",
)
ANNEX = "Phụ lục kèm phiếu"
ANNEX_TITLE = "CÁCH TÍNH ĐIỂM VÀ ĐIỂM CỦA CẤP CÓ THẨM QUYỀN"
_DOTS = "....., ngày....tháng.....năm....."

# The rows as the form prints them; a rulebook carries the same criteria under these codes.
CRITERIA_TITLES = {
    "G1": "Phẩm chất chính trị, phẩm chất đạo đức, văn hóa thực thi công vụ và ý thức kỷ luật, kỷ cương trong thực thi"
    " công vụ",
    "G1.1": "Phẩm chất chính trị, phẩm chất đạo đức, văn hóa thực thi công vụ",
    "G1.2": "Ý thức kỷ luật, kỷ cương trong thực thi công vụ",
    "G2": "Năng lực chuyên môn, nghiệp vụ theo yêu cầu của vị trí việc làm; khả năng đáp ứng yêu cầu thực thi nhiệm vụ"
    " được giao; tinh thần trách nhiệm trong thực thi công vụ; thái độ phục vụ người dân, doanh nghiệp và khả năng"
    " phối hợp với đồng nghiệp",
    "G2.1": "Năng lực chuyên môn, nghiệp vụ theo yêu cầu của vị trí việc làm",
    "G2.2": "Khả năng đáp ứng yêu cầu thực thi nhiệm vụ được giao thường xuyên, đột xuất",
    "G2.3": "Tinh thần trách nhiệm trong thực thi công vụ",
    "G2.4": "Thái độ phục vụ người dân, doanh nghiệp và khả năng phối hợp với đồng nghiệp",
    "G3": "Năng lực đổi mới, sáng tạo, dám nghĩ, dám làm, dám chịu trách nhiệm vì lợi ích chung trong thực thi công vụ",
    "G3.1": "Có sản phẩm, giải pháp đột phá, sáng tạo đem lại giá trị, hiệu quả thiết thực, tác động tích cực đến kết"
    " quả thực hiện nhiệm vụ của cơ quan, tổ chức, đơn vị.",
    "G3.2": "Sẵn sàng tham gia thực hiện nhiệm vụ chính trị đặc biệt quan trọng, nhiệm vụ có tính chất đột xuất, phức"
    " tạp hoặc trong điều kiện khó khăn.",
    "G3.3": "Có tinh thần chịu trách nhiệm trước kết quả công việc; chủ động nhận trách nhiệm khi có sai sót và có biện"
    " pháp khắc phục rõ ràng, cụ thể.",
    "G3.4": "Chủ động đưa ra quyết định trong phạm vi thẩm quyền, không né tránh; có tinh thần tiên phong trong thực"
    " hiện những nhiệm vụ mới.",
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """A row of part I: a group (I, II, III) or one of its criteria, with points as text, "" where not known."""

    number: str
    title: str
    most: str
    own: str
    group: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """A place to sign: the day as written in words and the name below, both "" until somebody has acted.

    `capacity` says in whose place a delegate signs, line by line; nothing where one signs in the own office.
    """

    day: str = ""
    name: str = ""
    capacity: tuple[str, ...] = ()

    @property
    def dated(self) -> str:
        """Place and date; the place, and a day nobody has acted on, stay dotted as on the printed form."""
        return f"....., {self.day}" if self.day else _DOTS


@dataclass(frozen=True, slots=True)
class PeriodForm:
    """Mẫu số 01 of one official's month or quarter; `draft` says why it is not final, "" when it is.

    The annex holds what the form has no room for: the authority's points and the arithmetic.
    """

    draft: str
    superior: str
    issuer: str
    period: str
    name: str
    office: str
    unit: str
    criteria: tuple[Criterion, ...]
    most: str
    own: str
    summary: tuple[str, str, str]
    remarks: tuple[str, str, str]
    official: Signature
    authority: Signature
    annex: Working | None = None


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month of Mẫu số 02."""

    month: int
    points: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class YearForm:
    """Mẫu số 02 of one official's year; the two classes are codes of CLASSES, "" while nobody has given them."""

    draft: str
    superior: str
    issuer: str
    year: int
    name: str
    office: str
    unit: str
    months: tuple[MonthRow, ...]
    mean: str
    mean_note: str
    own_class: str
    decided_class: str
    handling: str
    official: Signature
    authority: Signature


def ticked(chosen: str) -> Iterable[tuple[bool, str]]:
    """The four boxes in the order of the form, each with whether it is the chosen class."""
    return [(code == chosen, words) for code, words in CLASSES]
