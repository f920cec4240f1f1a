"""The two forms as decree 335/2025 prints them (Appendix II), typed from its text, and how a Word file reads."""

import io
import re

from docx import Document

DECREE_01 = """
Mẫu số 01
TÊN CƠ QUAN,
TỔ CHỨC, ĐƠN VỊ
-------
CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
Độc lập - Tự do - Hạnh phúc
---------------
PHIẾU THEO DÕI, ĐÁNH GIÁ CÔNG CHỨC
(Kỳ theo dõi, đánh giá:..........)1
Họ và tên:................................................................
Chức vụ, chức danh: ......................................................
Đơn vị công tác: .........................................................
I. KẾT QUẢ THEO DÕI, ĐÁNH GIÁ THEO TIÊU CHÍ CHUNG
| TT | Tiêu chí chấm điểm | Điểm tối đa | Điểm do cá nhân tự chấm |
| (1) | (2) | (3) | (4) |
| I | Phẩm chất chính trị, phẩm chất đạo đức, văn hóa thực thi công vụ và ý thức kỷ luật, kỷ cương trong
thực thi công vụ | 10 | |
| 1 | Phẩm chất chính trị, phẩm chất đạo đức, văn hóa thực thi công vụ | 5 | |
| 2 | Ý thức kỷ luật, kỷ cương trong thực thi công vụ | 5 | |
| II | Năng lực chuyên môn, nghiệp vụ theo yêu cầu của vị trí việc làm; khả năng đáp ứng yêu cầu thực thi
nhiệm vụ được giao; tinh thần trách nhiệm trong thực thi công vụ; thái độ phục vụ người dân, doanh nghiệp và
khả năng phối hợp với đồng nghiệp | 10 | |
| 1 | Năng lực chuyên môn, nghiệp vụ theo yêu cầu của vị trí việc làm | 2,5 | |
| 2 | Khả năng đáp ứng yêu cầu thực thi nhiệm vụ được giao thường xuyên, đột xuất | 2,5 | |
| 3 | Tinh thần trách nhiệm trong thực thi công vụ | 2,5 | |
| 4 | Thái độ phục vụ người dân, doanh nghiệp và khả năng phối hợp với đồng nghiệp | 2,5 | |
| III | Năng lực đổi mới, sáng tạo, dám nghĩ, dám làm, dám chịu trách nhiệm vì lợi ích chung trong thực thi
công vụ | 10 | |
| 1 | Có sản phẩm, giải pháp đột phá, sáng tạo đem lại giá trị, hiệu quả thiết thực, tác động tích cực đến
kết quả thực hiện nhiệm vụ của cơ quan, tổ chức, đơn vị. | 2,5 | |
| 2 | Sẵn sàng tham gia thực hiện nhiệm vụ chính trị đặc biệt quan trọng, nhiệm vụ có tính chất đột xuất,
phức tạp hoặc trong điều kiện khó khăn. | 2,5 | |
| 3 | Có tinh thần chịu trách nhiệm trước kết quả công việc; chủ động nhận trách nhiệm khi có sai sót và có
biện pháp khắc phục rõ ràng, cụ thể. | 2,5 | |
| 4 | Chủ động đưa ra quyết định trong phạm vi thẩm quyền, không né tránh; có tinh thần tiên phong trong
thực hiện những nhiệm vụ mới. | 2,5 | |
| Tổng cộng | 30 | |
II. TỔNG HỢP KẾT QUẢ THEO DÕI, ĐÁNH GIÁ CÔNG CHỨC
1. Điểm tiêu chí chung:...................................................
2. Điểm tiêu chí kết quả thực hiện nhiệm vụ:..............................
3. Tổng điểm theo dõi, đánh giá công chức:................................
4. Ưu điểm:...............................................................
5. Hạn chế, khuyết điểm:..................................................
6. Ý kiến nhận xét của cấp có thẩm quyền theo dõi, đánh giá:..............
....., ngày....tháng.....năm.....
CÔNG CHỨC TỰ ĐÁNH GIÁ
(Ký tên, ghi rõ họ tên)
....., ngày....tháng.....năm.....
CẤP CÓ THẨM QUYỀN
THEO DÕI, ĐÁNH GIÁ
(Ký tên, ghi rõ họ tên)
1 Ghi rõ kỳ theo dõi là tháng/quý ... năm... .
"""
DECREE_02 = """
Mẫu số 02
TÊN CƠ QUAN,
TỔ CHỨC, ĐƠN VỊ
-------
CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
Độc lập - Tự do - Hạnh phúc
---------------
PHIẾU XẾP LOẠI CHẤT LƯỢNG CÔNG CHỨC
Năm....
Họ và tên:................................................................
Chức vụ, chức danh:.......................................................
Đơn vị công tác:..........................................................
I. TỔNG HỢP KẾT QUẢ THEO DÕI, ĐÁNH GIÁ
| Tháng | Tổng điểm theo dõi, đánh giá | Ghi chú |
| 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 |
| Tổng điểm trung bình cả năm |
II. CÔNG CHỨC TỰ ĐÁNH GIÁ, XẾP LOẠI CHẤT LƯỢNG
☐ Hoàn thành xuất sắc nhiệm vụ
☐ Hoàn thành tốt nhiệm vụ
☐ Hoàn thành nhiệm vụ
☐ Không hoàn thành nhiệm vụ
III. KẾT QUẢ XẾP LOẠI CHẤT LƯỢNG CỦA CẤP CÓ THẨM QUYỀN CÔNG CHỨC1
☐ Hoàn thành xuất sắc nhiệm vụ
☐ Hoàn thành tốt nhiệm vụ
☐ Hoàn thành nhiệm vụ
☐ Không hoàn thành nhiệm vụ
IV. ĐỀ XUẤT PHƯƠNG ÁN XỬ LÝ2
....., ngày....tháng.....năm.....
CÔNG CHỨC TỰ XẾP LOẠI
(Ký tên, ghi rõ họ tên)
....., ngày....tháng.....năm.....
CẤP CÓ THẨM QUYỀN XẾP LOẠI
(Ký tên, ghi rõ họ tên)
1 Việc xếp loại chất lượng công chức căn cứ vào quy định tại Điều 20 Nghị định này.
2 Việc đề xuất phương án xử lý căn cứ quy định tại Điều 23 Nghị định này.
"""


def bare(text: str) -> str:
    """Words alone: rules, dots to be written on and the borders of tables are no wording."""
    return " ".join(re.sub(r"\.{2,}|[|_]+|-{3,}", " ", text).split())


def text_of(data: bytes) -> list[str]:
    """Every paragraph and cell of a Word file in the order of the page, empty ones left out."""
    document = Document(io.BytesIO(data))
    found = []
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            for row in block.rows:
                seen = []
                for cell in row.cells:
                    if cell._tc not in seen:
                        seen.append(cell._tc)
                        found += [paragraph.text for paragraph in cell.paragraphs]
        else:
            found.append(block.text)
    return [" ".join(text.split()) for text in found if text.strip()]
