"""Catalogue workbooks in the shape of a published annex, made on the spot."""

from tests.files.conftest import build

ANNEX = "(Kèm theo Quyết định số 12/QĐ-UBND ngày 3 tháng 4 năm 2026 của UBND xã Hoa Mai)"
HEADER = ["STT", "Mã CV", "Nhiệm vụ", "Công việc chi tiết", "Sản phẩm đầu ra", "Nhóm", "Khung điểm", "Điểm chấm",
          "Hệ số quy đổi"]  # fmt: skip


def row(code: object = "DC.01", **cells: object) -> list[object]:
    values = {"order": 1, "code": code, "task": f"Soạn công văn {code}", "detail": "Dự thảo, trình ký",
              "output": "Công văn", "group": "N2", "frame": "11-50", "points": 25, "coefficient": 5} | cells  # fmt: skip
    return list(values.values())


def annex(*rows: list[object], standard: str = "Sản phẩm chuẩn = 5 điểm = hệ số 1,00") -> bytes:
    """A workbook with a sheet of general criteria and one of products, header in row 4."""
    criteria = [
        ["PHỤ LỤC I: TIÊU CHÍ CHUNG"],
        [ANNEX],
        ["TT", "Tiêu chí chấm điểm", "Điểm tối đa"],
        ["I", "Phẩm chất", 10],
    ]
    head = [["PHỤ LỤC III"], ["DANH MỤC DÙNG CHUNG"], [ANNEX], [*HEADER, standard]]
    return build({"PL I": criteria, "PL III": [*head, *rows]})
