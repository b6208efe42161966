"""What a face shows (age, gender, …).

Not begun: DetectFaces answers with the DEFAULT attributes.
"""
