"""What people and machines get to read: the failure, the table, the files."""
