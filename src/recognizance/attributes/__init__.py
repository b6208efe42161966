"""What a face shows (age, gender, …).  Issue 6 of the project's plan; DetectFaces answers with DEFAULT attributes until then."""
