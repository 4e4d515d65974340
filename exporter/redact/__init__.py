"""What a cloud answered, with everything that is about people or secret replaced."""

from exporter.redact.document import Redactor

__all__ = ["Redactor"]
