"""Child process that parses one workbook under memory and time limits; run by path, imports none of ours."""

import pickle
import resource
import sys

MEMORY_LIMIT = 1536 * 1024 * 1024
CPU_SECONDS = 60


def main() -> None:
    """Reads .xlsx bytes from stdin and writes the pickled list of (sheet name, rows) to stdout."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import io

    import python_calamine

    workbook = python_calamine.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
    sheets = []
    for metadata in workbook.sheets_metadata:
        if metadata.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        rows = workbook.get_sheet_by_name(metadata.name).to_python(skip_empty_area=False)
        sheets.append((metadata.name, rows))
    pickle.dump(sheets, sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    main()
